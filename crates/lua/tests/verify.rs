//! The verifier: each of its rules, kept and broken.

use lua::bytecode::{
    ABSOLUTE_LINE_MARK, AbsoluteLine, Constant, Function, LocalVariable, UpvalueDescription,
};
use lua::chunk::{UnverifiedChunk, verify};
use lua::opcode::{abck, abx, asbx, ax_of, jump, op};

fn i(op: u32, a: u32, b: u32, c: u32) -> u32 {
    abck(op, a, b, c, false)
}

fn ik(op: u32, a: u32, b: u32, c: u32) -> u32 {
    abck(op, a, b, c, true)
}

const RETURN: u32 = op::RETURN0;
/// MMBIN events of addition, subtraction and shift to the left.
const ADD: u32 = 6;
const SUB: u32 = 7;
const SHL: u32 = 16;

/// A function of six registers, one upvalue, one nested function and six constants: a short
/// string, a long one, an integer, a float, nil, true.
fn function(code: &[u32]) -> Function {
    let upvalue = UpvalueDescription { name: None, in_stack: false, index: 0, kind: 0 };
    let nested = Function { register_count: 2, code: vec![RETURN], ..Function::default() };
    Function {
        register_count: 6,
        code: code.to_vec(),
        constants: vec![
            Constant::String(b"short"[..].into()),
            Constant::String([b'x'; 41][..].into()),
            Constant::Integer(1),
            Constant::Float(1.0),
            Constant::Nil,
            Constant::Boolean(true),
        ],
        upvalues: vec![upvalue],
        functions: vec![nested],
        ..Function::default()
    }
}

fn vararg(code: &[u32]) -> Function {
    Function { is_vararg: true, parameter_count: 1, ..function(code) }
}

/// `code` and a return behind it.
fn then_return(code: &[u32]) -> Function {
    function(&[code, &[RETURN]].concat())
}

fn verdict(function: Function) -> Result<(), String> {
    verify(UnverifiedChunk::new(function)).map(|_| ()).map_err(|error| {
        let text = error.to_string();
        let text = text.strip_prefix("bad binary format (").unwrap();
        text.split(" at instruction").next().unwrap().to_owned()
    })
}

#[track_caller]
fn accepts(function: Function) {
    assert_eq!(verdict(function), Ok(()));
}

#[track_caller]
fn rejects(function: Function, reason: &str) {
    assert_eq!(verdict(function).unwrap_err(), reason);
}

/// Checks that each instruction passes alone.
#[track_caller]
fn accepts_each(code: &[u32]) {
    for &instruction in code {
        accepts(then_return(&[instruction]));
    }
}

#[track_caller]
fn rejects_each(code: &[u32], reason: &str) {
    for &instruction in code {
        rejects(then_return(&[instruction]), reason);
    }
}

const NO_REGISTER: &str = "register out of range";

#[test]
fn registers_are_bounded() {
    accepts_each(&[
        i(op::MOVE, 5, 5, 0),
        i(op::SELF, 4, 5, 5),
        i(op::LOADNIL, 2, 3, 0),
        i(op::GETTABLE, 5, 5, 5),
        i(op::SETTABLE, 5, 5, 5),
        ik(op::SETTABLE, 5, 5, 4),
        i(op::CONCAT, 4, 2, 0),
        i(op::CALL, 5, 1, 1),
        i(op::CALL, 3, 3, 4),
        i(op::SETLIST, 2, 3, 0),
        i(op::CLOSE, 6, 0, 0),
        i(op::UNM, 5, 5, 0),
    ]);
    rejects_each(
        &[
            i(op::MOVE, 6, 0, 0),
            i(op::MOVE, 0, 6, 0),
            asbx(op::LOADI, 6, 0),
            asbx(op::LOADF, 6, 0),
            i(op::LOADTRUE, 6, 0, 0),
            i(op::LFALSESKIP, 6, 0, 0),
            abx(op::LOADK, 6, 0),
            i(op::LOADNIL, 2, 4, 0),
            i(op::GETUPVAL, 6, 0, 0),
            i(op::SETUPVAL, 6, 0, 0),
            i(op::GETTABUP, 6, 0, 0),
            i(op::GETTABLE, 0, 6, 0),
            i(op::GETTABLE, 0, 0, 6),
            i(op::GETI, 0, 6, 0),
            i(op::GETFIELD, 0, 6, 0),
            i(op::SETTABUP, 0, 0, 6),
            i(op::SETTABLE, 6, 0, 0),
            i(op::SETTABLE, 0, 6, 0),
            i(op::SETTABLE, 0, 0, 6),
            i(op::SETI, 6, 0, 0),
            i(op::SETI, 0, 0, 6),
            i(op::SETFIELD, 6, 0, 0),
            i(op::SETFIELD, 0, 0, 6),
            i(op::SELF, 5, 0, 0),
            i(op::SELF, 0, 6, 0),
            i(op::SELF, 0, 0, 6),
            i(op::NOT, 0, 6, 0),
            i(op::LEN, 6, 0, 0),
            i(op::CONCAT, 5, 2, 0),
            i(op::CLOSE, 7, 0, 0),
            i(op::TBC, 6, 0, 0),
            i(op::CALL, 6, 1, 1),
            i(op::CALL, 3, 4, 1),
            i(op::CALL, 3, 1, 5),
            i(op::SETLIST, 2, 4, 0),
            abx(op::CLOSURE, 6, 0),
        ],
        NO_REGISTER,
    );
}

#[test]
fn registers_of_pairs_and_returns_are_bounded() {
    let reason = NO_REGISTER;
    for comparison in [op::EQ, op::LT, op::LE, op::TESTSET] {
        rejects(then_return(&[i(comparison, 0, 6, 0), jump(op::JMP, 0)]), reason);
        rejects(then_return(&[i(comparison, 6, 0, 0), jump(op::JMP, 0)]), reason);
        accepts(then_return(&[i(comparison, 5, 5, 0), jump(op::JMP, 0)]));
    }
    for comparison in op::EQK..=op::TEST {
        rejects(then_return(&[i(comparison, 6, 0, 0), jump(op::JMP, 0)]), reason);
        accepts(then_return(&[i(comparison, 5, 0, 0), jump(op::JMP, 0)]));
    }
    rejects(then_return(&[i(op::NEWTABLE, 6, 0, 0), ax_of(op::EXTRAARG, 0)]), reason);
    rejects(then_return(&[i(op::LOADKX, 6, 0, 0), ax_of(op::EXTRAARG, 0)]), reason);
    rejects(then_return(&[i(op::ADD, 6, 0, 0), i(op::MMBIN, 0, 0, ADD)]), reason);
    rejects(then_return(&[i(op::ADD, 0, 6, 0), i(op::MMBIN, 6, 0, ADD)]), reason);
    rejects(then_return(&[i(op::ADD, 0, 0, 6), i(op::MMBIN, 0, 6, ADD)]), reason);
    rejects(then_return(&[i(op::ADDI, 6, 0, 9), i(op::MMBINI, 0, 9, ADD)]), reason);
    rejects(then_return(&[i(op::ADDK, 0, 6, 2), i(op::MMBINK, 6, 2, ADD)]), reason);
    rejects(then_return(&[i(op::BANDK, 6, 0, 2), i(op::MMBINK, 0, 2, 13)]), reason);
    let tail = |a, b| function(&[i(op::TAILCALL, a, b, 0), i(op::RETURN, 0, 0, 0)]);
    accepts(tail(5, 1));
    rejects(tail(6, 1), reason);
    rejects(tail(5, 2), reason);
    rejects(function(&[i(op::RETURN, 5, 3, 0)]), reason);
    rejects(function(&[i(op::RETURN, 7, 1, 0)]), reason);
    rejects(function(&[i(op::RETURN1, 6, 0, 0)]), reason);
    accepts(function(&[i(op::RETURN, 6, 1, 0)]));
    accepts(function(&[i(op::RETURN, 4, 3, 0)]));
    accepts(function(&[i(op::RETURN1, 5, 0, 0)]));
}

#[test]
fn constants_upvalues_and_functions_exist_and_fit() {
    accepts_each(&[
        abx(op::LOADK, 0, 5),
        i(op::GETFIELD, 0, 0, 0),
        ik(op::SELF, 0, 0, 0),
        ik(op::SELF, 0, 0, 1),
        ik(op::SETFIELD, 0, 0, 4),
        abx(op::CLOSURE, 0, 0),
    ]);
    rejects_each(
        &[
            abx(op::LOADK, 0, 6),
            i(op::GETFIELD, 0, 0, 1),
            i(op::GETFIELD, 0, 0, 2),
            i(op::GETFIELD, 0, 0, 6),
            i(op::GETTABUP, 0, 0, 1),
            i(op::SETTABUP, 0, 2, 0),
            ik(op::SETTABUP, 0, 0, 6),
            i(op::SETFIELD, 0, 1, 0),
            ik(op::SETFIELD, 0, 0, 6),
            ik(op::SETI, 0, 0, 6),
            ik(op::SETTABLE, 0, 0, 6),
            ik(op::SELF, 0, 0, 2),
        ],
        "invalid constant operand",
    );
    for number in [2, 3] {
        accepts(then_return(&[i(op::ADDK, 0, 0, number), i(op::MMBINK, 0, number, ADD)]));
    }
    for other in [0, 4, 6] {
        let code = [i(op::ADDK, 0, 0, other), i(op::MMBINK, 0, other, ADD)];
        rejects(then_return(&code), "invalid constant operand");
    }
    accepts(then_return(&[i(op::BANDK, 0, 0, 2), i(op::MMBINK, 0, 2, 13)]));
    let code = [i(op::BANDK, 0, 0, 3), i(op::MMBINK, 0, 3, 13)];
    rejects(then_return(&code), "invalid constant operand");
    let code = [i(op::EQK, 0, 6, 0), jump(op::JMP, 0)];
    rejects(then_return(&code), "invalid constant operand");
    accepts(then_return(&[i(op::LOADKX, 0, 0, 0), ax_of(op::EXTRAARG, 5)]));
    let code = [i(op::LOADKX, 0, 0, 0), ax_of(op::EXTRAARG, 6)];
    rejects(then_return(&code), "invalid constant operand");
    rejects_each(
        &[
            i(op::GETUPVAL, 0, 1, 0),
            i(op::SETUPVAL, 0, 1, 0),
            i(op::GETTABUP, 0, 1, 0),
            i(op::SETTABUP, 1, 0, 0),
        ],
        "upvalue does not exist",
    );
    rejects_each(&[abx(op::CLOSURE, 0, 1)], "function does not exist");
}

#[test]
fn pairs_belong_together() {
    let reason = "instruction without its other half";
    accepts(then_return(&[i(op::ADD, 0, 1, 2), i(op::MMBIN, 1, 2, ADD)]));
    accepts(then_return(&[i(op::ADDI, 0, 1, 130), i(op::MMBINI, 1, 130, ADD)]));
    accepts(then_return(&[i(op::ADDI, 0, 1, 130), i(op::MMBINI, 1, 124, SUB)]));
    accepts(then_return(&[i(op::SHRI, 0, 1, 130), i(op::MMBINI, 1, 124, SHL)]));
    accepts(then_return(&[i(op::SHLI, 0, 1, 130), ik(op::MMBINI, 1, 130, SHL)]));
    for pair in [
        [i(op::ADD, 0, 1, 2), i(op::MMBIN, 2, 1, ADD)],
        [i(op::ADD, 0, 1, 2), i(op::MMBIN, 1, 2, SUB)],
        [i(op::ADD, 0, 1, 2), i(op::MMBINK, 1, 2, ADD)],
        [i(op::ADD, 0, 1, 2), i(op::MOVE, 0, 0, 0)],
        [i(op::ADDI, 0, 1, 130), i(op::MMBINI, 1, 130, SUB)],
        [i(op::ADDI, 0, 1, 130), i(op::MMBINI, 1, 130, SHL)],
        [i(op::SHLI, 0, 1, 130), i(op::MMBINI, 1, 124, SHL)],
        [i(op::EQ, 0, 0, 0), i(op::MOVE, 0, 0, 0)],
        [i(op::NEWTABLE, 0, 0, 0), i(op::MOVE, 0, 0, 0)],
        [i(op::LOADKX, 0, 0, 0), i(op::MOVE, 0, 0, 0)],
        [ik(op::SETLIST, 0, 1, 0), i(op::MOVE, 0, 0, 0)],
        [i(op::MOVE, 0, 0, 0), i(op::MMBIN, 0, 0, ADD)],
        [i(op::MOVE, 0, 0, 0), i(op::MMBINI, 0, 0, ADD)],
        [i(op::MOVE, 0, 0, 0), i(op::MMBINK, 0, 2, ADD)],
        [i(op::MOVE, 0, 0, 0), ax_of(op::EXTRAARG, 0)],
        [i(op::SETLIST, 0, 1, 0), ax_of(op::EXTRAARG, 0)],
    ] {
        rejects(then_return(&pair), reason);
    }
}

#[test]
fn jumps_stay_in_the_code_and_out_of_pairs() {
    accepts(then_return(&[jump(op::JMP, 0)]));
    accepts(then_return(&[jump(op::JMP, -1)]));
    accepts(then_return(&[i(op::LFALSESKIP, 0, 0, 0), i(op::LOADTRUE, 0, 0, 0)]));
    for distance in [1, -2, i32::from(i16::MAX), -0xfff_fff, 0xfff_fff] {
        rejects(then_return(&[jump(op::JMP, distance)]), "jump out of the code");
    }
    rejects(then_return(&[i(op::LFALSESKIP, 0, 0, 0)]), "jump out of the code");
    let pairs = [
        [i(op::ADD, 0, 0, 0), i(op::MMBIN, 0, 0, ADD)],
        [i(op::EQ, 0, 0, 0), jump(op::JMP, 0)],
        [i(op::NEWTABLE, 0, 0, 0), ax_of(op::EXTRAARG, 0)],
        [ik(op::SETLIST, 0, 1, 0), ax_of(op::EXTRAARG, 0)],
        [i(op::CALL, 1, 1, 0), i(op::CALL, 0, 0, 1)],
    ];
    for [first, second] in pairs {
        let reason = "jump between instructions that belong together";
        rejects(then_return(&[jump(op::JMP, 1), first, second]), reason);
        rejects(then_return(&[first, second, jump(op::JMP, -2)]), reason);
        rejects(then_return(&[i(op::LFALSESKIP, 0, 0, 0), first, second]), reason);
        accepts(then_return(&[jump(op::JMP, 0), first, second]));
        accepts(then_return(&[first, second, jump(op::JMP, -3)]));
    }
    rejects(function(&[]), "code does not end with a return");
    rejects(function(&[RETURN, i(op::MOVE, 0, 0, 0)]), "code does not end with a return");
    rejects_each(&[83, 127], "unknown opcode");
}

#[test]
fn open_results_are_taken_at_once() {
    let open = i(op::CALL, 2, 1, 0);
    accepts(then_return(&[open, i(op::CALL, 1, 0, 1)]));
    accepts(then_return(&[open, i(op::SETLIST, 0, 0, 0)]));
    accepts(function(&[open, i(op::RETURN, 2, 0, 0)]));
    accepts(function(&[open, i(op::CALL, 1, 0, 0), i(op::RETURN, 0, 0, 0)]));
    accepts(function(&[i(op::TAILCALL, 2, 1, 0), i(op::RETURN, 2, 0, 0)]));
    for code in [
        vec![open, i(op::MOVE, 0, 0, 0), RETURN],
        vec![open, i(op::CALL, 1, 1, 1), RETURN],
        vec![open, i(op::CALL, 2, 0, 1), RETURN],
        vec![open, i(op::SETLIST, 2, 0, 0), RETURN],
        vec![open, i(op::RETURN, 3, 0, 0)],
        vec![open, RETURN],
        vec![i(op::TAILCALL, 2, 1, 0), i(op::RETURN, 2, 1, 0)],
    ] {
        rejects(function(&code), "open results are not taken");
    }
    let code = [i(op::TAILCALL, 2, 1, 0), i(op::CALL, 1, 0, 1)];
    rejects(then_return(&code), "tail call without return");
    for taker in [op::CALL, op::SETLIST, op::RETURN] {
        rejects(then_return(&[i(taker, 0, 0, 1)]), "no open results to take");
    }
    let code = [i(op::EQ, 0, 0, 0), i(op::CALL, 0, 0, 1)];
    rejects(then_return(&code), "no open results to take");
}

#[test]
fn loops_match() {
    let (prepare, end) = (abx(op::FORPREP, 1, 1), abx(op::FORLOOP, 1, 2));
    let body = i(op::MOVE, 0, 0, 0);
    accepts(then_return(&[prepare, body, end]));
    let reason = "loop instructions do not match";
    rejects(then_return(&[prepare, body, abx(op::FORLOOP, 1, 3)]), reason);
    rejects(then_return(&[prepare, body, abx(op::FORLOOP, 0, 2)]), reason);
    rejects(then_return(&[abx(op::FORPREP, 1, 0), body, end]), reason);
    rejects(then_return(&[prepare, body, body]), reason);
    rejects(then_return(&[body, body, end]), reason);
    rejects(then_return(&[abx(op::FORPREP, 1, 99_999), body, end]), reason);
    rejects(then_return(&[prepare, body, abx(op::FORLOOP, 1, 99_999)]), reason);
    let two_beginnings = [abx(op::FORPREP, 1, 2), prepare, body, end];
    rejects(then_return(&two_beginnings), reason);
    rejects(then_return(&[prepare, body, end, abx(op::FORLOOP, 1, 3)]), reason);
    let high = [abx(op::FORPREP, 3, 0), abx(op::FORLOOP, 3, 1)];
    rejects(then_return(&high), "register out of range");

    let generic = |base: u32, count: u32, back: u32| Function {
        register_count: 8,
        ..function(&[
            abx(op::TFORPREP, base, 1),
            body,
            i(op::TFORCALL, base, 0, count),
            abx(op::TFORLOOP, base, back),
            ik(op::RETURN, 0, 1, 0),
        ])
    };
    accepts(generic(1, 3, 3));
    rejects(generic(1, 3, 2), reason);
    rejects(generic(1, 4, 3), "register out of range");
    rejects(generic(2, 1, 3), "register out of range");
    rejects(generic(1, 0, 3), "loop without variables");
    let mut two_beginnings = generic(1, 3, 3);
    two_beginnings.code.insert(0, abx(op::TFORPREP, 1, 2));
    rejects(two_beginnings, reason);
    let mut two_ends = generic(1, 3, 3);
    two_ends.code.splice(4..4, [i(op::TFORCALL, 1, 0, 1), abx(op::TFORLOOP, 1, 5)]);
    rejects(two_ends, reason);
    let mut endless = generic(1, 3, 3);
    endless.code.splice(4..4, [i(op::TFORCALL, 1, 0, 1)]);
    rejects(endless, "instruction without its other half");
    let mut other_base = generic(1, 3, 3);
    other_base.code[3] = abx(op::TFORLOOP, 0, 3);
    rejects(other_base, reason);
    let mut entered = generic(1, 3, 3);
    entered.code[1] = jump(op::JMP, 1);
    rejects(entered, "jump between instructions that belong together");
}

#[test]
fn variable_arguments_are_prepared_first_and_dropped_last() {
    let prepare = i(op::VARARGPREP, 1, 0, 0);
    let leave = i(op::RETURN, 0, 1, 2);
    accepts(vararg(&[prepare, leave]));
    accepts(vararg(&[prepare, i(op::VARARG, 0, 0, 3), leave]));
    accepts(vararg(&[prepare, i(op::VARARG, 0, 0, 0), i(op::RETURN, 0, 0, 2)]));
    accepts(vararg(&[prepare, i(op::TAILCALL, 0, 1, 2), i(op::RETURN, 0, 0, 2)]));
    for code in [vec![leave], vec![prepare, prepare, leave]] {
        rejects(vararg(&code), "VARARGPREP misplaced");
    }
    rejects(then_return(&[prepare]), "VARARGPREP misplaced");
    rejects(vararg(&[i(op::VARARGPREP, 0, 0, 0), leave]), "VARARGPREP of other parameters");
    rejects(then_return(&[i(op::VARARG, 0, 0, 2)]), "no variable arguments here");
    rejects(vararg(&[prepare, i(op::VARARG, 5, 0, 3), leave]), NO_REGISTER);
    rejects(vararg(&[prepare, i(op::VARARG, 6, 0, 1), leave]), NO_REGISTER);
    let again = [prepare, jump(op::JMP, -2), leave];
    rejects(vararg(&again), "jump between instructions that belong together");
    rejects(vararg(&[prepare, RETURN]), "return does not drop arguments");
    rejects(vararg(&[prepare, i(op::RETURN1, 0, 0, 0)]), "return does not drop arguments");
    rejects(vararg(&[prepare, i(op::RETURN, 0, 1, 1)]), "return drops other arguments");
    rejects(function(&[i(op::RETURN, 0, 1, 1)]), "return drops other arguments");
}

#[test]
fn what_needs_closing_is_closed() {
    let reason = "return does not close variables";
    let closing = ik(op::RETURN, 0, 1, 0);
    accepts(function(&[i(op::TBC, 0, 0, 0), closing]));
    for leave in [RETURN, i(op::RETURN1, 0, 0, 0), i(op::RETURN, 0, 1, 0)] {
        rejects(function(&[i(op::TBC, 0, 0, 0), leave]), reason);
        rejects(function(&[leave, i(op::TBC, 0, 0, 0), closing]), reason);
        let mut captured = function(&[leave]);
        let upvalue = UpvalueDescription { name: None, in_stack: true, index: 5, kind: 0 };
        captured.functions[0].upvalues.push(upvalue);
        rejects(captured.clone(), reason);
        captured.code = vec![closing];
        accepts(captured);
    }
}

#[test]
fn sizes_are_bounded() {
    for (registers, parameters, reason) in [
        (1, 0, "invalid number of registers"),
        (0, 0, "invalid number of registers"),
        (6, 7, "more parameters than registers"),
    ] {
        let sized = then_return(&[]);
        let sized = Function { register_count: registers, parameter_count: parameters, ..sized };
        rejects(sized, reason);
    }
    let upvalue = UpvalueDescription { name: None, in_stack: false, index: 0, kind: 0 };
    rejects(
        Function { upvalues: vec![upvalue.clone(); 256], ..then_return(&[]) },
        "too many upvalues",
    );
    for (in_stack, index) in [(true, 6), (false, 1)] {
        let mut capturing = function(&[ik(op::RETURN, 0, 1, 0)]);
        let upvalue = UpvalueDescription { in_stack, index, ..upvalue.clone() };
        capturing.functions[0].upvalues.push(upvalue);
        rejects(capturing, "captured variable does not exist");
    }
    let mut odd = then_return(&[]);
    odd.functions[0].upvalues.push(UpvalueDescription { kind: 4, ..upvalue.clone() });
    rejects(odd, "invalid kind of upvalue");
    rejects(Function { line_defined: 1 << 31, ..then_return(&[]) }, "invalid line");
    let mut nested = then_return(&[]);
    for _ in 0..199 {
        nested = Function { functions: vec![nested], ..then_return(&[]) };
    }
    rejects(nested, "functions nested too deeply");

    let table = |b, c, extra| [ik(op::NEWTABLE, 0, b, c), ax_of(op::EXTRAARG, extra)];
    accepts(then_return(&table(3, 255, 2)));
    for huge in [table(4, 0, 0), table(33, 0, 0), table(255, 0, 0), table(0, 1, 3)] {
        rejects(then_return(&huge), "table too large");
    }
    let list = |c, extra| [ik(op::SETLIST, 0, 1, c), ax_of(op::EXTRAARG, extra)];
    accepts(then_return(&list(255, 2)));
    rejects(then_return(&list(0, 0x1ff_ffff)), "table too large");
    rejects_each(
        &[i(op::CONCAT, 0, 1, 0), i(op::CONCAT, 0, 0, 0)],
        "too few values to concatenate",
    );
}

#[test]
fn debug_information_fits_the_code() {
    let code = [i(op::MOVE, 0, 0, 0), RETURN];
    let lines = |deltas: &[i8], absolute: &[(u32, u32)]| Function {
        line_info: deltas.to_vec(),
        absolute_lines: absolute.iter().map(|&(pc, line)| AbsoluteLine { pc, line }).collect(),
        ..function(&code)
    };
    let mark = ABSOLUTE_LINE_MARK;
    accepts(lines(&[], &[]));
    accepts(lines(&[1, -1], &[]));
    accepts(lines(&[mark, mark], &[(0, 7), (1, 3)]));
    rejects(lines(&[1], &[]), "line information of another size");
    rejects(lines(&[1, 1, 1], &[]), "line information of another size");
    rejects(lines(&[1, mark], &[]), "absolute line missing");
    rejects(lines(&[1, mark], &[(0, 7)]), "absolute line missing");
    rejects(lines(&[1, 1], &[(0, 7)]), "absolute line without a mark");
    rejects(lines(&[], &[(0, 7)]), "absolute line without a mark");
    rejects(lines(&[1, -2], &[]), "invalid line");
    rejects(lines(&[mark, 1], &[(0, i32::MAX as u32)]), "invalid line");
    let long = |size: usize| Function {
        line_info: vec![0; size],
        ..function(&[vec![i(op::MOVE, 0, 0, 0); size - 1], vec![RETURN]].concat())
    };
    accepts(long(128));
    rejects(long(129), "absolute lines too far apart");

    let locals = |extents: &[(u32, u32)]| {
        let name = || b"x"[..].into();
        let local = |&(start_pc, end_pc)| LocalVariable { name: name(), start_pc, end_pc };
        Function { local_variables: extents.iter().map(local).collect(), ..function(&code) }
    };
    accepts(locals(&[(0, 2), (0, 1), (1, 1), (2, 2)]));
    accepts(locals(&[(0, 2); 6]));
    rejects(locals(&[(0, 2); 7]), "too many local variables");
    for extents in [[(1, 0), (1, 2)], [(1, 2), (0, 2)], [(0, 1), (0, 3)]] {
        rejects(locals(&extents), "invalid extent of a local variable");
    }
}
