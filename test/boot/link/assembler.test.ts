// The assembler against encodings that GNU as gives for the same instructions (in its own notation beside them), and
// labels, relocations and errors.

import { expect, test } from "@jest/globals";
import { addressOf, assemble, memory, type Statement } from "../../../boot/link/assembler.js";
import { INSTRUCTIONS } from "../../../boot/link/instructions.js";

/** Mode, statement, what GNU as was given, the bytes it made. */
const ENCODINGS: readonly (readonly [32 | 64, Statement, string, string])[] = [
  [64, ["mov", "rdi", "rsp"], "mov rdi,rsp", "4889E7"],
  [64, ["and", "rsp", -16], "and rsp,-16", "4883E4F0"],
  [64, ["mov", "r12d", 7], "mov r12d,7", "41BC07000000"],
  [64, ["mov", "rax", -1], "mov rax,-1", "48C7C0FFFFFFFF"],
  [64, ["mov", "rax", 78187493530], "movabs rax,0x123456789a", "48B89A78563412000000"],
  [64, ["mov", "r15", 2147483648], "movabs r15,0x80000000", "49BF0000008000000000"],
  [64, ["mov", { base: "rsp", displacement: 8 }, "r9"], "mov [rsp+8],r9", "4C894C2408"],
  [64, ["mov", "r9", { base: "r12", displacement: 0 }], "mov r9,[r12]", "4D8B0C24"],
  [64, ["mov", "r8", { base: "rax", displacement: 24 }], "mov r8,[rax+24]", "4C8B4018"],
  [64, ["mov", "rax", { base: "r13", displacement: 0 }], "mov rax,[r13+0]", "498B4500"],
  [64, ["mov", "rax", { base: "rbp", displacement: 0 }], "mov rax,[rbp+0]", "488B4500"],
  [64, ["mov", "ecx", { base: "rdi", displacement: 4660 }], "mov ecx,[rdi+0x1234]", "8B8F34120000"],
  [64, ["mov", { base: "rbx", index: "r9", scale: 8, displacement: 4 }, "eax"], "mov [rbx+r9*8+4],eax", "428944CB04"],
  [64, ["mov", { base: "rdi", displacement: 0, bytes: 4 }, 5], "mov dword ptr [rdi],5", "C70705000000"],
  [64, ["mov", { base: "rdi", displacement: 0, bytes: 8 }, 5], "mov qword ptr [rdi],5", "48C70705000000"],
  [64, ["mov", { base: "rdi", displacement: 0, bytes: 1 }, 5], "mov byte ptr [rdi],5", "C60705"],
  [64, ["mov", { displacement: 4096 }, "eax"], "mov [0x1000],eax", "89042500100000"],
  [64, ["mov", "cr3", "rax"], "mov cr3,rax", "0F22D8"],
  [64, ["mov", "rax", "cr0"], "mov rax,cr0", "0F20C0"],
  [64, ["mov", "ds", "eax"], "mov ds,eax", "8ED8"],
  [64, ["push", "r12"], "push r12", "4154"],
  [64, ["pop", "rbx"], "pop rbx", "5B"],
  [64, ["syscall"], "syscall", "0F05"],
  [64, ["ret"], "ret", "C3"],
  [64, ["iretq"], "iretq", "48CF"],
  [64, ["rep_movsq"], "rep movsq", "F348A5"],
  [64, ["rep_stosb"], "rep stosb", "F3AA"],
  [64, ["call", "r11"], "call r11", "41FFD3"],
  [64, ["jmp", "rax"], "jmp rax", "FFE0"],
  [64, ["lea", "rax", { base: "rsp", displacement: -128 }], "lea rax,[rsp-128]", "488D442480"],
  [64, ["lea", "rax", { base: "rsp", displacement: -129 }], "lea rax,[rsp-129]", "488D84247FFFFFFF"],
  [64, ["lgdt", { base: "rax", displacement: 0 }], "lgdt [rax]", "0F0110"],
  [64, ["ltr", "ax"], "ltr ax", "0F00D8"],
  [64, ["rdrand", "rax"], "rdrand rax", "480FC7F0"],
  [64, ["rdrand", "ecx"], "rdrand ecx", "0FC7F1"],
  [64, ["lock_or", { base: "rdi", displacement: 0 }, "eax"], "lock or [rdi],eax", "F00907"],
  [64, ["mov", "sil", { base: "rdi", displacement: 0 }], "mov sil,[rdi]", "408A37"],
  [64, ["movzx", "eax", { base: "rdi", displacement: 0, bytes: 1 }], "movzx eax,byte ptr [rdi]", "0FB607"],
  [64, ["shl", "rdx", 32], "shl rdx,32", "48C1E220"],
  [64, ["or", "rax", "rdx"], "or rax,rdx", "4809D0"],
  [64, ["test", "r8", "r9"], "test r8,r9", "4D85C8"],
  [64, ["add", "rsp", 4096], "add rsp,0x1000", "4881C400100000"],
  [64, ["stmxcsr", { base: "rsp", displacement: 0 }], "stmxcsr [rsp]", "0FAE1C24"],
  [64, ["xchg", "rbx", "rcx"], "xchg rbx,rcx", "4887CB"],
  [64, ["bts", "rax", 35], "bts rax,35", "480FBAE823"],
  [64, ["out", "dx", "al"], "out dx,al", "EE"],
  [64, ["in", "eax", "dx"], "in eax,dx", "ED"],
  [64, ["mov", "r8w", { base: "rsi", displacement: 0 }], "mov r8w,[rsi]", "66448B06"],
  [64, ["invlpg", { base: "rdi", displacement: 0 }], "invlpg [rdi]", "0F013F"],
  [64, ["wrmsr"], "wrmsr", "0F30"],
  [64, ["retfq"], "rex.w retf", "48CB"],
  [64, ["vmcall"], "vmcall", "0F01C1"],
  [64, ["cmp", { base: "rdi", displacement: 0, bytes: 1 }, 7], "cmp byte ptr [rdi],7", "803F07"],
  [64, ["mov", "eax", 4294967295], "mov eax,0xffffffff", "B8FFFFFFFF"],
  [64, ["sub", "r10", 8], "sub r10,8", "4983EA08"],
  [32, ["mov", "cr3", "eax"], "mov cr3,eax", "0F22D8"],
  [32, ["mov", "eax", "cr4"], "mov eax,cr4", "0F20E0"],
  [32, ["or", "eax", 32], "or eax,0x20", "83C820"],
  [32, ["mov", { base: "esp", displacement: 4 }, "ebx"], "mov [esp+4],ebx", "895C2404"],
  [32, ["push", "ebx"], "push ebx", "53"],
  [32, ["jmpfar", 1048576, 8], "jmp 8:0x100000", "EA000010000800"],
  [32, ["rdmsr"], "rdmsr", "0F32"],
  [32, ["lgdt", { displacement: 8192 }], "lgdt ds:[0x2000]", "0F011500200000"],
  [32, ["mov", "ebp", "ebx"], "mov ebp,ebx", "89DD"],
  [32, ["rep_stosd"], "rep stosd", "F3AB"],
  [64, ["push", { base: "rax", displacement: 16, bytes: 8 }], "push qword ptr [rax+16]", "FF7010"],
  [64, ["call", { base: "rax", displacement: 8, bytes: 8 }], "call [rax+8]", "FF5008"],
  [64, ["out", 0xe9, "al"], "out 0xe9,al", "E6E9"],
];

test.each(ENCODINGS)("%i-bit %j is %s", (bits, statement, _, expected) => {
  expect(hex(assemble([statement], bits).bytes)).toBe(expected);
});

test("jumps to labels, backwards and forwards", () => {
  const code = assemble(["top:", ["nop"], ["jmp", "end"], ["jmp", "top"], "end:", ["ret"]]);
  expect(hex(code.bytes)).toBe("90E905000000E9F5FFFFFFC3");
  expect(code.labels.get("end")).toBe(11);
  expect(code.relocations).toEqual([]);
});

test("a reference relative to rip counts what follows it in the instruction", () => {
  const code = assemble([["mov", { base: "rip", displacement: "cell", bytes: 4 }, 5], "cell:", [".long", 7]]);
  expect(hex(code.bytes)).toBe("C705000000000500000007000000");
});

test("names from elsewhere become relocations", () => {
  const code = assemble([
    ["call", "entry"],
    ["mov", "rax", addressOf("heap", 8)],
    ["mov", "eax", { displacement: "cell" }],
    [".quad", addressOf("heap")],
  ]);
  expect(code.relocations).toEqual([
    { offset: 1, kind: "relative32", symbol: "entry", addend: -4 },
    { offset: 7, kind: "absolute64", symbol: "heap", addend: 8 },
    { offset: 18, kind: "absolute32", symbol: "cell", addend: 0 },
    { offset: 22, kind: "absolute64", symbol: "heap", addend: 0 },
  ]);
});

test("a statement without an encoding is named", () => {
  expect(() => assemble([["mov", "rax", "cs:"]])).toThrow(/"mov","rax","cs:".*no such form/);
  expect(() => assemble([["mov", memory("rdi"), 5]])).toThrow(/how many bytes/);
  expect(() => assemble([["mov", "rax", 1]], 32)).toThrow(/no such form/);
  expect(() => assemble(["a:", "a:"])).toThrow(/label a/);
});

test("the table has no row twice", () => {
  const rows = INSTRUCTIONS.trim().split("\n");
  expect(new Set(rows).size).toBe(rows.length);
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}
