//! The stack machine of Python's pickle protocols 2 to 5, as far as state dicts need it. It builds values and calls
//! nothing: a class or function that it does not know becomes an opaque value with a name.

use std::collections::HashMap;

use super::{
    PickleError,
    rebuild::{reduced, storage},
    value::{Arena, Global, Value},
};

/// Values that may be on the stack at once; a state dict has all its entries there before it takes them in.
const MAX_STACK: usize = 1 << 22;

/// Values that a pickle may push in all, which bounds what its containers hold: 400 000 tensors need about that many.
const MAX_PUSHES: usize = 1 << 24;

/// Names of classes and functions that no state dict needs; each is kept for messages.
const MAX_FOREIGN_NAMES: usize = 4096;

/// The longest name of a class or function.
const MAX_GLOBAL_BYTES: usize = 256;

/// The longest text: a name of a tensor or of a class.
const MAX_TEXT_BYTES: usize = 1 << 16;

/// Runs `pickle` and gives its result with the arena that the result points into.
pub(super) fn run(pickle: &[u8]) -> Result<(Value, Arena), PickleError> {
    let mut machine = Machine { pickle, ..Machine::default() };
    loop {
        let at = machine.at;
        let opcode = machine.byte()?;
        if opcode == b'.' {
            let result = machine.pop()?;
            return Ok((result, machine.arena));
        }
        machine.step(opcode, at)?;
    }
}

#[derive(Default)]
struct Machine<'a> {
    pickle: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    pushes: usize,
    foreign_names: usize,
    arena: Arena,
}

impl<'a> Machine<'a> {
    fn step(&mut self, opcode: u8, at: usize) -> Result<(), PickleError> {
        match opcode {
            0x80 => drop(self.take(1)?), // PROTO
            0x95 => drop(self.take(8)?), // FRAME
            b'(' => self.mark()?,        // MARK
            // POP, and BUILD: attributes (`_metadata` of a state dict), which no tensor needs.
            b'0' | b'b' => drop(self.pop()?),
            b'1' => drop(self.pop_mark()?),         // POP_MARK
            b'2' => self.push(self.top()?)?,        // DUP
            b'N' => self.push(Value::None)?,        // NONE
            0x88 => self.push(Value::Bool(true))?,  // NEWTRUE
            0x89 => self.push(Value::Bool(false))?, // NEWFALSE
            b'J' | b'K' | b'M' | 0x8a => self.push_int(opcode)?,
            b'G' => {
                self.take(8)?; // BINFLOAT
                self.push(Value::Float)?;
            }
            b'X' | 0x8c | 0x8d => self.push_text(opcode)?,
            b'q' | b'r' | b'h' | b'j' | 0x94 => self.memoize(opcode)?,
            b')' | b']' | 0x8f | b'}' | b't' | b'l' | b'd' | 0x85..=0x87 => self.push_container(opcode)?,
            b's' | b'u' | b'a' | b'e' | 0x90 => self.fill(opcode)?,
            b'c' | 0x93 => self.push_global(opcode)?,
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?); // REDUCE, NEWOBJ
                let value = reduced(callable, arguments, &mut self.arena).map_err(|problem| self.damaged(problem))?;
                self.push(value)?;
            }
            b'Q' => {
                let id = self.pop()?; // BINPERSID
                let value = storage(id, &mut self.arena).map_err(|problem| self.damaged(problem))?;
                self.push(value)?;
            }
            _ => return Err(PickleError::UnknownOpcode { opcode, at }),
        }
        Ok(())
    }

    fn push_int(&mut self, opcode: u8) -> Result<(), PickleError> {
        let length = match opcode {
            b'J' => 4,                      // BININT, signed
            b'K' => 1,                      // BININT1
            b'M' => 2,                      // BININT2
            _ => usize::from(self.byte()?), // LONG1, signed
        };
        if length > 8 {
            return Err(self.damaged("a number beyond 64 bits"));
        }
        let bytes = self.take(length)?;
        let is_negative = matches!(opcode, b'J' | 0x8a) && bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut wide = [if is_negative { 0xff } else { 0 }; 8];
        wide[..length].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(wide)))
    }

    fn push_text(&mut self, opcode: u8) -> Result<(), PickleError> {
        let length = match opcode {
            b'X' => self.number(4)?, // BINUNICODE
            0x8c => self.number(1)?, // SHORT_BINUNICODE
            _ => self.number(8)?,    // BINUNICODE8
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_TEXT_BYTES);
        let Some(length) = length else { return Err(self.damaged("a text longer than any name")) };
        let bytes = self.take(length)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.damaged("a text that is not UTF-8"))?;
        let index = self.arena.text(text);
        self.push(Value::Text(index))
    }

    fn memoize(&mut self, opcode: u8) -> Result<(), PickleError> {
        let key = match opcode {
            b'q' | b'h' => self.number(1)?,
            b'r' | b'j' => self.number(4)?,
            _ => self.memo.len() as u64, // MEMOIZE
        };
        if matches!(opcode, b'h' | b'j') {
            let value = self.memo.get(&key).copied().ok_or_else(|| self.damaged("a reference to nothing"))?;
            return self.push(value);
        }
        let value = self.top()?;
        self.memo.insert(key, value);
        Ok(())
    }

    fn push_container(&mut self, opcode: u8) -> Result<(), PickleError> {
        let value = match opcode {
            b'}' => self.arena.dict(), // EMPTY_DICT
            b'd' => {
                let items = self.pop_mark()?; // DICT
                let dict = self.arena.dict();
                self.add_pairs(dict, &items)?;
                dict
            }
            0x85..=0x87 => {
                let length = usize::from(opcode - 0x84); // TUPLE1 to TUPLE3
                let at = self.stack.len().checked_sub(length).filter(|at| *at >= self.floor());
                let Some(at) = at else { return Err(self.damaged("a tuple of more than the stack holds")) };
                let items = self.stack.split_off(at);
                self.arena.sequence(items)
            }
            b't' | b'l' => {
                let items = self.pop_mark()?; // TUPLE, LIST
                self.arena.sequence(items)
            }
            _ => self.arena.sequence(Vec::new()), // EMPTY_TUPLE, EMPTY_LIST, EMPTY_SET
        };
        self.push(value)
    }

    fn fill(&mut self, opcode: u8) -> Result<(), PickleError> {
        let items = match opcode {
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?); // SETITEM
                vec![key, value]
            }
            b'a' => vec![self.pop()?], // APPEND
            _ => self.pop_mark()?,     // SETITEMS, APPENDS, ADDITEMS
        };
        let container = self.top()?;
        match (opcode, container) {
            // Whatever an opaque object collects is as opaque as itself.
            (_, Value::Opaque(_)) => Ok(()),
            (b's' | b'u', Value::Dict(_)) => self.add_pairs(container, &items),
            (b'a' | b'e' | 0x90, Value::Sequence(index)) => {
                self.arena.sequences[index].extend(items);
                Ok(())
            }
            _ => Err(self.damaged("items for something that holds none")),
        }
    }

    fn add_pairs(&mut self, dict: Value, items: &[Value]) -> Result<(), PickleError> {
        let (pairs, rest) = items.as_chunks::<2>();
        let (Value::Dict(index), []) = (dict, rest) else { return Err(self.damaged("a key without a value")) };
        self.arena.dicts[index].extend(pairs.iter().map(|[key, value]| (*key, *value)));
        Ok(())
    }

    fn push_global(&mut self, opcode: u8) -> Result<(), PickleError> {
        let (module, name) = if opcode == b'c' {
            (self.line()?.to_owned(), self.line()?.to_owned()) // GLOBAL
        } else {
            let (name, module) = (self.pop()?, self.pop()?); // STACK_GLOBAL
            let (Value::Text(name), Value::Text(module)) = (name, module) else {
                return Err(self.damaged("a global without a name"));
            };
            (self.arena.texts[module].clone(), self.arena.texts[name].clone())
        };
        if module.len() > MAX_GLOBAL_BYTES || name.len() > MAX_GLOBAL_BYTES {
            return Err(self.damaged("a name longer than any class has"));
        }
        let global = match Global::known(&module, &name) {
            Some(global) => global,
            None if self.foreign_names == MAX_FOREIGN_NAMES => {
                return Err(self.damaged("more classes than any state dict needs"));
            }
            None => {
                self.foreign_names += 1;
                Global::Foreign(self.arena.text(&format!("{module}.{name}")))
            }
        };
        self.push(Value::Global(global))
    }

    fn mark(&mut self) -> Result<(), PickleError> {
        if self.marks.len() >= MAX_STACK {
            return Err(self.damaged("more marks than any state dict needs"));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<(), PickleError> {
        self.pushes += 1;
        if self.stack.len() >= MAX_STACK || self.pushes > MAX_PUSHES {
            return Err(self.damaged("more values than any state dict needs"));
        }
        self.stack.push(value);
        Ok(())
    }

    /// Values below the last mark belong to an outer container.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or_default()
    }

    fn top(&self) -> Result<Value, PickleError> {
        let top = self.stack.last().filter(|_| self.stack.len() > self.floor());
        top.copied().ok_or_else(|| self.damaged("an empty stack"))
    }

    fn pop(&mut self) -> Result<Value, PickleError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, PickleError> {
        let mark = self.marks.pop().ok_or_else(|| self.damaged("a container without its start"))?;
        Ok(self.stack.split_off(mark))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(length);
        let bytes = end.and_then(|end| self.pickle.get(self.at..end));
        let bytes = bytes.ok_or(PickleError::EndsEarly { at: self.at })?;
        self.at += length;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, PickleError> {
        Ok(self.take(1)?[0])
    }

    /// An unsigned little-endian number of `length` bytes.
    fn number(&mut self, length: usize) -> Result<u64, PickleError> {
        let mut wide = [0; 8];
        wide[..length].copy_from_slice(self.take(length)?);
        Ok(u64::from_le_bytes(wide))
    }

    /// A line of text up to its newline.
    fn line(&mut self) -> Result<&'a str, PickleError> {
        let rest = &self.pickle[self.at..];
        let rest = &rest[..rest.len().min(MAX_TEXT_BYTES)];
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(PickleError::EndsEarly { at: self.at });
        };
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).map_err(|_| self.damaged("a name that is not UTF-8"))
    }

    fn damaged(&self, problem: &'static str) -> PickleError {
        PickleError::Damaged { at: self.at, problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(pickle: &[u8]) -> PickleError {
        run(pickle).unwrap_err()
    }

    #[test]
    fn numbers_keep_their_sign() {
        for (pickle, expected) in [
            (&b"K\xff."[..], 255),
            (b"M\xff\xff.", 65535),
            (b"J\xff\xff\xff\xff.", -1),
            (b"\x8a\x00.", 0),
            (b"\x8a\x02\x00\x80.", -32768),
            (b"\x8a\x05\x00\x00\x00\x00\x01.", 1 << 32),
        ] {
            assert_eq!(run(pickle).unwrap().0, Value::Int(expected), "{pickle:?}");
        }
    }

    #[test]
    fn pickles_that_lie_are_refused_where_they_lie() {
        assert!(matches!(error(b""), PickleError::EndsEarly { at: 0 }));
        assert!(matches!(error(b"K"), PickleError::EndsEarly { at: 1 }));
        assert!(matches!(error(b"X\xff\xff\xff\xff"), PickleError::Damaged { .. }), "a text of 4 GB");
        assert!(matches!(error(b"X\xff\x00\x00\x00ab"), PickleError::EndsEarly { .. }));
        assert!(matches!(error(b"0."), PickleError::Damaged { .. }), "an empty stack");
        assert!(matches!(error(b"t."), PickleError::Damaged { .. }), "no mark");
        assert!(matches!(error(b"N(\x85."), PickleError::Damaged { .. }), "a tuple across a mark");
        assert!(matches!(error(b"h\x05."), PickleError::Damaged { .. }), "no such memo");
        assert!(matches!(error(b"Na."), PickleError::Damaged { .. }), "nothing to append to");
        assert!(matches!(error(b"}(Nu."), PickleError::Damaged { .. }), "a key without a value");
        assert!(matches!(error(b"\x8a\x09123456789."), PickleError::Damaged { .. }), "beyond 64 bits");
        assert!(matches!(error(b"cos\nsystem"), PickleError::EndsEarly { .. }));
        assert!(matches!(error(b"ios\nsystem\n."), PickleError::UnknownOpcode { opcode: b'i', at: 0 }));
        let classes = b"cos\nsystem\n".repeat(MAX_FOREIGN_NAMES + 1);
        assert!(matches!(error(&classes), PickleError::Damaged { .. }), "classes without end");
        assert!(matches!(error(&vec![b'('; MAX_STACK + 2]), PickleError::Damaged { .. }), "marks without end");
        assert!(matches!(error(&vec![b'N'; MAX_STACK + 2]), PickleError::Damaged { .. }), "values without end");
    }

    #[test]
    fn nesting_and_cycles_cost_no_recursion() {
        let nested = [&b")"[..], &vec![0x85; 1_000_000], b"."].concat();
        run(&nested).unwrap();
        run(b"]q\x00h\x00a.").unwrap();
    }

    #[test]
    fn foreign_code_is_named_and_not_run() {
        let (value, arena) = run(b"cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").unwrap();
        assert_eq!(arena.described(value).to_string(), "an object of os.system");
    }
}
