/*
 * A multiboot kernel of both versions that tells on the serial port how it was
 * started.  probe.c has its words.
 */
	.code32
	.section .header, "a"
	.balign	8
header:
	.long	0x1badb002, 0, -0x1badb002
	.balign	8
header2:
	.long	0xe85250d6, 0, header2_end - header2
	.long	-(0xe85250d6 + header2_end - header2)
	.word	0, 0			/* the last tag */
	.long	8
header2_end:

	.text
	.globl	_start
_start:
	mov	$stack_end, %esp
	push	%ebx			/* the table of what was loaded */
	push	%eax			/* the magic number */
	push	$0			/* where a return address would be */
	jmp	probe_multiboot

	.bss
	.skip	8192
stack_end:
	.section .note.GNU-stack, "", @progbits
