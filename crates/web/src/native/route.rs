//! A route of the native API: where it is, who may call it, what it does, and how it is documented.

use super::{
    call::{Call, KeyCall, TestCall},
    failure::Failure,
};
use axum::{response::Response, routing::MethodFilter};
use farthing_dialects::native::api_keys::Permission;
use std::{future::Future, pin::Pin};
use utoipa::openapi::{HttpMethod, RefOr, path::Operation, schema::Schema};

/// What a route answers, some time.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Response, Failure>> + Send>>;

/// Who may call a route, and what is then called. A route that needs a key cannot be called without its owner.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Anybody, so many times a minute.
    Public(fn(Call) -> Answering),
    /// A key with the permission.
    Key(Permission, fn(KeyCall) -> Answering),
    /// A key of the test environment with the permission.
    TestKey(Permission, fn(TestCall) -> Answering),
}

impl Access {
    /// The permission that a key needs; `None` where no key is needed.
    pub(super) const fn permission(self) -> Option<Permission> {
        match self {
            Self::Public(_) => None,
            Self::Key(permission, _) | Self::TestKey(permission, _) => Some(permission),
        }
    }

    /// Whether only keys of the test environment may call it.
    pub(super) const fn is_test_only(self) -> bool {
        matches!(self, Self::TestKey(..))
    }
}

/// A route.
pub(super) struct Route {
    /// Its path's template.
    pub(super) path: String,
    /// Its method, as it is documented.
    pub(super) method: HttpMethod,
    /// Its method, as it is mounted.
    pub(super) filter: MethodFilter,
    /// Who may call it, and what that does.
    pub(super) access: Access,
    /// Its documentation.
    pub(super) operation: Operation,
    /// The schemas that its documentation names.
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Route {
    /// A route where, and with the method and the documentation, that are written at the function it calls.
    pub(super) fn of(
        path: String,
        methods: &[HttpMethod],
        operation: Operation,
        schemas: Vec<(String, RefOr<Schema>)>,
        access: Access,
    ) -> Self {
        let method = methods.first().cloned().unwrap_or(HttpMethod::Get);
        let filter = filter(&method);
        Self { path, method, filter, access, operation, schemas }
    }

    /// Whether the path has parameters.
    pub(super) fn has_parameters(&self) -> bool {
        self.path.contains('{')
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    use utoipa_axum::PathItemExt;
    method.to_method_filter()
}

/// A row of the route table: `route!(invoices::create, Key(InvoicesWrite))`.
///
/// Path, method and documentation are those of `#[utoipa::path]` at the function itself.
macro_rules! route {
    ($module:ident :: $name:ident, $access:ident $(($permission:ident))?) => {
        utoipa_axum::paste! {{
            use utoipa::{Path, __dev::{SchemaReferences, Tags}};
            type Documented = crate::native::$module::[<__path_ $name>];
            let mut schemas = Vec::new();
            Documented::schemas(&mut schemas);
            let mut operation = Documented::operation();
            operation.tags = Some(Documented::tags().into_iter().map(str::to_owned).collect());
            crate::native::route::Route::of(
                Documented::path(),
                &Documented::methods(),
                operation,
                schemas,
                crate::native::route::Access::$access(
                    $(farthing_dialects::native::api_keys::Permission::$permission,)?
                    |call| Box::pin(crate::native::$module::$name(call)),
                ),
            )
        }}
    };
}
pub(super) use route;
