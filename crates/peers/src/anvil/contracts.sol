// SPDX-License-Identifier: MIT
// What tests pay with and what tries to deceive them. Not audited, for private test chains only.
pragma solidity ^0.8.30;

/// An ERC-20 token as good as any; it can also be told to misbehave.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);

    string public name;
    string public symbol;
    uint8 public decimals;
    mapping(address => uint256) public balanceOf;
    /// Of each transfer so many hundredths are kept, as USDT could.
    uint256 public feePercent;
    bool public paused;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) {
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
    }

    function setFee(uint256 percent) external { feePercent = percent; }
    function setPaused(bool paused_) external { paused = paused_; }

    function mint(address to, uint256 value) external {
        unchecked { balanceOf[to] += value; }
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return move(msg.sender, to, value);
    }

    /// Anybody may move nothing for anybody.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        return move(from, to, value);
    }

    function move(address from, address to, uint256 value) internal returns (bool) {
        require(!paused, "paused");
        require(balanceOf[from] >= value, "balance");
        uint256 fee = value * feePercent / 100;
        balanceOf[from] -= value;
        balanceOf[to] += value - fee;
        emit Transfer(from, to, value - fee);
        return true;
    }

    /// The balance changes and no log says so.
    function rebase(address of_, uint256 value) external { balanceOf[of_] = value; }
}

/// Answers false where others revert: the transaction succeeds and nothing moves.
contract FalseToken {
    event Transfer(address indexed from, address indexed to, uint256 value);
    uint8 public decimals = 6;
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        if (balanceOf[msg.sender] >= value && value > 0) {
            balanceOf[msg.sender] -= value;
            balanceOf[to] += value;
            emit Transfer(msg.sender, to, value);
            return true;
        } else {
            return false;
        }
    }
}

/// Emits whatever it is told: logs with any topics and any data.
contract Shouter {
    function shout(bytes32[] calldata topics, bytes calldata data) external {
        bytes memory copy = data;
        uint256 length = copy.length;
        if (topics.length == 3) {
            (bytes32 a, bytes32 b, bytes32 c) = (topics[0], topics[1], topics[2]);
            assembly { log3(add(copy, 32), length, a, b, c) }
        } else if (topics.length == 4) {
            (bytes32 a, bytes32 b, bytes32 c, bytes32 d) = (topics[0], topics[1], topics[2], topics[3]);
            assembly { log4(add(copy, 32), length, a, b, c, d) }
        } else if (topics.length == 1) {
            bytes32 a = topics[0];
            assembly { log1(add(copy, 32), length, a) }
        } else {
            revert("topics");
        }
    }
}

/// Takes nothing.
contract Refuser {
    receive() external payable { revert("no"); }
}

/// Pays coins and tokens in all the ways in which contracts do.
contract Payer {
    receive() external payable {}

    /// Every payee the same amount of coins.
    function pay(address payable[] calldata payees, uint256 each) external payable {
        for (uint256 i = 0; i < payees.length; i++) {
            (bool ok, ) = payees[i].call{value: each}("");
            require(ok, "refused");
        }
    }

    /// Pays, and takes it back in a call that fails inside of a transaction that succeeds.
    function payAndFail(address payable payee) external payable {
        try this.payThenRevert{value: msg.value}(payee) {} catch {}
    }

    function payThenRevert(address payable payee) external payable {
        (bool ok, ) = payee.call{value: msg.value}("");
        require(ok, "refused");
        revert("taken back");
    }

    /// A splitter of which one payee refuses: the others are paid all the same.
    function split(address payable[] calldata payees) external payable {
        uint256 each = msg.value / payees.length;
        for (uint256 i = 0; i < payees.length; i++) {
            try this.payOne{value: each}(payees[i]) {} catch {}
        }
    }

    function payOne(address payable payee) external payable {
        (bool ok, ) = payee.call{value: msg.value}("");
        require(ok, "refused");
    }

    /// As deep in calls as it is told, and then pays.
    function payFromBelow(address payable payee, uint256 depth) external payable {
        if (depth == 0) {
            (bool ok, ) = payee.call{value: msg.value}("");
            require(ok, "refused");
        } else {
            this.payFromBelow{value: msg.value}(payee, depth - 1);
        }
    }

    /// Destroys a new contract in favour of the payee.
    function payByDestruction(address payable payee) external payable {
        new Doomed{value: msg.value}(payee);
    }

    /// Runs code with a value that moves nothing.
    function borrowCode(address code) external payable {
        (bool ok, ) = code.delegatecall(abi.encodeWithSignature("nothing(address)", address(0)));
        require(ok, "failed");
    }

    function nothing(address) external payable {}

    function transferTokens(address token, address[] calldata payees, uint256 each) external {
        for (uint256 i = 0; i < payees.length; i++) {
            require(Token(token).transfer(payees[i], each), "token");
        }
    }

    /// The token's transfer is reverted inside of a transaction that succeeds.
    function transferAndFail(address token, address payee, uint256 value) external {
        try this.transferThenRevert(token, payee, value) {} catch {}
    }

    function transferThenRevert(address token, address payee, uint256 value) external {
        Token(token).transfer(payee, value);
        revert("taken back");
    }
}

contract Doomed {
    constructor(address payable heir) payable { selfdestruct(heir); }
}
