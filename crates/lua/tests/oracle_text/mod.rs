//! PUC-Rio 5.4 as the oracle of the text tests: calls a library function, tells errors apart.
#![allow(dead_code)]

use lua::text::TextError;
use mlua::{FromLuaMulti, Function, IntoLuaMulti, Lua, MultiValue, Value};

/// A Lua state and its `pcall`.
pub struct Oracle {
    pub lua: Lua,
    pcall: Function,
}

/// A result that both sides can produce.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// Bits of a float; all NaNs are one.
    Float(u64),
    Bytes(Vec<u8>),
    Other,
}

impl Plain {
    pub fn float(number: f64) -> Plain {
        Plain::Float(if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() })
    }

    pub fn bytes(bytes: &[u8]) -> Plain {
        Plain::Bytes(bytes.to_vec())
    }
}

impl Oracle {
    pub fn new() -> Oracle {
        let lua = Lua::new();
        let pcall = lua.globals().get("pcall").expect("pcall exists");
        Oracle { lua, pcall }
    }

    /// The function at a dotted path of globals, or the value of an expression.
    pub fn function(&self, expression: &str) -> Function {
        self.lua
            .load(format!("return {expression}"))
            .set_name("=oracle")
            .eval()
            .expect("the expression is valid")
    }

    pub fn string(&self, bytes: &[u8]) -> Value {
        Value::String(self.lua.create_string(bytes).expect("memory suffices"))
    }

    /// Calls `function`: its results, or its message as bytes.
    pub fn call(
        &self,
        function: &Function,
        args: impl IntoLuaMulti,
    ) -> Result<Vec<Plain>, Vec<u8>> {
        let mut all = args.into_lua_multi(&self.lua).expect("arguments convert");
        all.push_front(Value::Function(function.clone()));
        let mut results: MultiValue = self.pcall.call(all).expect("pcall returns");
        let succeeded = results.pop_front();
        let results: Vec<Plain> = results.iter().map(plain).collect();
        match succeeded {
            Some(Value::Boolean(true)) => Ok(results),
            _ => match results.into_iter().next() {
                Some(Plain::Bytes(message)) => Err(without_position(message)),
                other => panic!("an error that is no string: {other:?}"),
            },
        }
    }

    /// Evaluates a chunk to one value.
    pub fn eval<T: FromLuaMulti>(&self, chunk: &str) -> T {
        self.lua.load(chunk).eval().expect("the chunk runs")
    }
}

/// Drops the `oracle:LINE: ` that calls from a Lua function put in front.
fn without_position(message: Vec<u8>) -> Vec<u8> {
    match message.strip_prefix(b"oracle:") {
        Some(rest) => rest.iter().skip_while(|byte| **byte != b' ').skip(1).copied().collect(),
        None => message,
    }
}

fn plain(value: &Value) -> Plain {
    match value {
        Value::Nil => Plain::Nil,
        Value::Boolean(boolean) => Plain::Boolean(*boolean),
        Value::Integer(integer) => Plain::Integer(*integer),
        Value::Number(number) => Plain::float(*number),
        Value::String(string) => Plain::Bytes(string.as_bytes().to_vec()),
        _ => Plain::Other,
    }
}

/// The message that a Lua call of `function` (as the oracle names it) gives for `error`.
pub fn message(error: &TextError, function: &str) -> Vec<u8> {
    match error {
        TextError::Interrupted => b"interrupted".to_vec(),
        TextError::OutOfMemory => b"not enough memory".to_vec(),
        TextError::Message(message) => message.to_vec(),
        TextError::Argument { index, message } => {
            let mut all = format!("bad argument #{index} to '{function}' (").into_bytes();
            all.extend_from_slice(message);
            all.push(b')');
            all
        }
    }
}
