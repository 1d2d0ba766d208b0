//! Payhubix v1: its wire forms.

pub mod callback;
