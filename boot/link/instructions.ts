// The x86-64 instructions that start-up sequences and trampolines need, as data in the notation of Intel's manual
// (volume 2): mnemonic and operands | encoding. Rows of one mnemonic are tried in order, so short forms come first.
// Absent on purpose: what boot/native emits for compiled WebAssembly, which has an encoder of its own.
//
// Encoding: two-digit bytes; W is REX.W; 66 before the opcode is the operand-size prefix; /r a ModRM byte with a
// register; /0 to /7 one with an opcode extension; +r adds the register to the opcode; ib iw id io immediates;
// cb cd relative addresses of labels.

export const INSTRUCTIONS = `
adc r/m32, r32 | 11 /r
adc r/m64, r64 | W 11 /r
add r/m32, imm8 | 83 /0 ib
add r/m64, imm8 | W 83 /0 ib
add r/m32, imm32 | 81 /0 id
add r/m64, imm32 | W 81 /0 id
add r/m32, r32 | 01 /r
add r/m64, r64 | W 01 /r
add r32, r/m32 | 03 /r
add r64, r/m64 | W 03 /r
and r/m32, imm8 | 83 /4 ib
and r/m64, imm8 | W 83 /4 ib
and r/m32, imm32 | 81 /4 id
and r/m64, imm32 | W 81 /4 id
and r/m32, r32 | 21 /r
and r/m64, r64 | W 21 /r
bts r/m32, imm8 | 0F BA /5 ib
bts r/m64, imm8 | W 0F BA /5 ib
btr r/m32, imm8 | 0F BA /6 ib
btr r/m64, imm8 | W 0F BA /6 ib
call rel32 | E8 cd
call r/m64 | FF /2
cld | FC
cli | FA
clts | 0F 06
cmp r/m8, imm8 | 80 /7 ib
cmp r/m32, imm8 | 83 /7 ib
cmp r/m64, imm8 | W 83 /7 ib
cmp r/m32, imm32 | 81 /7 id
cmp r/m64, imm32 | W 81 /7 id
cmp r/m32, r32 | 39 /r
cmp r/m64, r64 | W 39 /r
cmp r32, r/m32 | 3B /r
cmp r64, r/m64 | W 3B /r
cpuid | 0F A2
dec r/m32 | FF /1
dec r/m64 | W FF /1
fninit | DB E3
hlt | F4
in al, dx | EC
in eax, dx | ED
inc r/m32 | FF /0
inc r/m64 | W FF /0
int3 | CC
invlpg m | 0F 01 /7
iretq | W CF
ja rel32 | 0F 87 cd
jae rel32 | 0F 83 cd
jb rel32 | 0F 82 cd
jbe rel32 | 0F 86 cd
je rel32 | 0F 84 cd
jg rel32 | 0F 8F cd
jl rel32 | 0F 8C cd
jmp rel32 | E9 cd
jmp r/m64 | FF /4
jmpfar imm32, imm16 | EA id iw
jne rel32 | 0F 85 cd
jnz rel32 | 0F 85 cd
jz rel32 | 0F 84 cd
ldmxcsr m | 0F AE /2
lea r32, m | 8D /r
lea r64, m | W 8D /r
leave | C9
lgdt m | 0F 01 /2
lidt m | 0F 01 /3
ltr r/m16 | 0F 00 /3
lock_or r/m32, r32 | F0 09 /r
lock_or r/m32, imm8 | F0 83 /1 ib
mfence | 0F AE F0
mov r/m8, r8 | 88 /r
mov r8, r/m8 | 8A /r
mov r/m8, imm8 | C6 /0 ib
mov r/m16, r16 | 66 89 /r
mov r16, r/m16 | 66 8B /r
mov r/m32, r32 | 89 /r
mov r/m64, r64 | W 89 /r
mov r32, r/m32 | 8B /r
mov r64, r/m64 | W 8B /r
mov r32, imm32 | B8 +r id
mov r/m32, imm32 | C7 /0 id
mov r/m64, imm32 | W C7 /0 id
mov r64, imm64 | W B8 +r io
mov r64, cr | 0F 20 /r
mov cr, r64 | 0F 22 /r
mov r32, cr | 0F 20 /r
mov cr, r32 | 0F 22 /r
mov sreg, r/m16 | 8E /r
mov sreg, r/m32 | 8E /r
mov r/m16, sreg | 8C /r
mov r/m32, sreg | 8C /r
movabs r64, imm64 | W B8 +r io
movsb | A4
movsd | A5
movsq | W A5
movsx r64, r/m8 | W 0F BE /r
movsxd r64, r/m32 | W 63 /r
movzx r32, r/m8 | 0F B6 /r
movzx r32, r/m16 | 0F B7 /r
neg r/m32 | F7 /3
neg r/m64 | W F7 /3
nop | 90
not r/m32 | F7 /2
not r/m64 | W F7 /2
or r/m32, imm8 | 83 /1 ib
or r/m64, imm8 | W 83 /1 ib
or r/m32, imm32 | 81 /1 id
or r/m64, imm32 | W 81 /1 id
or r/m32, r32 | 09 /r
or r/m64, r64 | W 09 /r
out dx, al | EE
out dx, eax | EF
out byte8, al | E6 ib
pause | F3 90
pop r64 | 58 +r
pop r32 | 58 +r
popfq | 9D
push r64 | 50 +r
push r32 | 50 +r
push imm8 | 6A ib
push imm32 | 68 id
push r/m64 | FF /6
push r/m32 | FF /6
pushfq | 9C
rdmsr | 0F 32
rdrand r32 | 0F C7 /6
rdrand r64 | W 0F C7 /6
rdtsc | 0F 31
rep_movsb | F3 A4
rep_movsq | F3 W A5
rep_stosb | F3 AA
rep_stosd | F3 AB
rep_stosq | F3 W AB
ret | C3
retfq | W CB
sar r/m64, imm8 | W C1 /7 ib
shl r/m32, imm8 | C1 /4 ib
shl r/m64, imm8 | W C1 /4 ib
shr r/m32, imm8 | C1 /5 ib
shr r/m64, imm8 | W C1 /5 ib
sti | FB
stmxcsr m | 0F AE /3
stosd | AB
stosq | W AB
sub r/m32, imm8 | 83 /5 ib
sub r/m64, imm8 | W 83 /5 ib
sub r/m32, imm32 | 81 /5 id
sub r/m64, imm32 | W 81 /5 id
sub r/m32, r32 | 29 /r
sub r/m64, r64 | W 29 /r
swapgs | 0F 01 F8
syscall | 0F 05
test r/m8, imm8 | F6 /0 ib
test r/m32, imm32 | F7 /0 id
test r/m64, imm32 | W F7 /0 id
test r/m32, r32 | 85 /r
test r/m64, r64 | W 85 /r
ud2 | 0F 0B
vmcall | 0F 01 C1
vmmcall | 0F 01 D9
wbinvd | 0F 09
wrmsr | 0F 30
xchg r/m32, r32 | 87 /r
xchg r/m64, r64 | W 87 /r
xor r/m32, imm8 | 83 /6 ib
xor r/m64, imm8 | W 83 /6 ib
xor r/m32, r32 | 31 /r
xor r/m64, r64 | W 31 /r
`;
