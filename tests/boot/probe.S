/*
 * A file that looks like a Linux kernel and tells on the serial port how it
 * was started.  Boot loaders find what they look for: on BIOS the setup code
 * and the part above 1 MiB (Documentation/arch/x86/boot.rst of Linux), on UEFI
 * a PE program with a handover entry.  Written to a disk's first sector it is
 * a boot sector.  PROBE32 and PROBE64 are probe.c, compiled for each mode.
 */
	.code16
	.section .text
	.globl	_start
_start:
	.ascii	"MZ"			/* runs as dec %bp; pop %dx */
	ljmp	$0x07c0, $boot_sector
	.org	0x3c
	.long	pe_header
pe_header:
	.ascii	"PE\0\0"
	.word	0x8664			/* x86-64 */
	.word	1			/* section */
	.long	0, 0, 0
	.word	section_table - optional_header
	.word	0x0206			/* executable, no line numbers, debug */
optional_header:
	.word	0x020b			/* PE32+ */
	.byte	0, 0
	.long	end - setup		/* code */
	.long	0, 0
	.long	efi_entry
	.long	setup
	.quad	0			/* preferred address */
	.long	0x20, 0x20		/* section and file alignment */
	.word	0, 0, 0, 0, 0, 0
	.long	0
	.long	end			/* size in memory */
	.long	setup			/* size of headers */
	.long	0
	.word	10			/* an EFI application */
	.word	0
	.quad	0, 0, 0, 0
	.long	0
	.long	6			/* data directories, all empty */
	.fill	6, 8, 0
section_table:
	.ascii	".text\0\0\0"
	.long	end - setup, setup	/* size and place in memory */
	.long	end - setup, setup	/* and in the file */
	.long	0, 0
	.word	0, 0
	.long	0xe0000020		/* code; read, write, execute */

boot_sector:
	mov	%cs, %ax
	mov	%ax, %ds
	mov	$disk_text, %si
1:	mov	$0x3fd, %dx		/* COM1's line status */
	inb	%dx, %al
	test	$0x20, %al
	jz	1b
	lodsb
	test	%al, %al
	jz	2f
	mov	$0x3f8, %dx
	outb	%al, %dx
	jmp	1b
2:	mov	$0xf4, %dx		/* QEMU's isa-debug-exit */
	outb	%al, %dx
3:	hlt
	jmp	3b
disk_text:
	.asciz	"probe: disk\n"

	.org	0x1f1
	.byte	1			/* sectors of setup code */
	.word	0
	.long	(end - start32) / 16
	.word	0, 0, 0
	.word	0xaa55
setup:
	.byte	0xeb, real_mode - 1f	/* a short jump */
1:	.ascii	"HdrS"
	.word	0x020c			/* version of the protocol */
	.long	0
	.word	0
	.word	version - setup
	.byte	0
	.byte	0x01			/* loaded high */
	.word	0
	.long	0x100000
	.long	0, 0
	.long	0
	.word	0xe000			/* end of the heap, not used */
	.byte	0, 0
	.long	0
	.long	0x7fffffff		/* highest address of an initrd */
	.long	0x1000			/* alignment */
	.byte	0			/* not relocatable */
	.byte	12
	.word	0x0008			/* has the 64-bit handover entry */
	.long	2047			/* longest command line */
	.long	0
	.quad	0
	.long	0, 0
	.quad	0
	.quad	0x100000		/* preferred address */
	.long	0x10000			/* memory needed */
	.long	handover_entry - start32 - 512

real_mode:
	cli
	xor	%esi, %esi
	mov	%ds, %si
	shl	$4, %esi		/* the first sector, header included */
	lea	gdt(%esi), %eax
	mov	%eax, gdt_pointer + 2
	lgdtl	gdt_pointer
	mov	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x10, $0x100000
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	0
	.balign	8
gdt:
	.quad	0, 0
	.quad	0x00cf9a000000ffff	/* code */
	.quad	0x00cf92000000ffff	/* data */
gdt_end:
version:
	.asciz	"probe"
	.org	0x400

	.code32
/* The boot parameters are at %esi; selectors as the protocol has them. */
start32:
	mov	$0x18, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$0x80000, %esp
	push	%esi
	push	$0			/* where a return address would be */
	jmp	probe32
	.org	start32 + 0x20		/* where it is linked */
probe32:
	.incbin	PROBE32

	.code64
	.balign	16
/* (image handle, system table, boot parameters) */
	.org	start32 + 0x2000
handover_entry:
	and	$-16, %rsp
	mov	%rdx, %rdi
	xor	%esi, %esi
	call	probe64
/* (image handle, system table) in Microsoft's registers */
efi_entry:
	and	$-16, %rsp
	mov	%rcx, %rdi
	mov	%rdx, %rsi
	call	probe64
	.balign	16
probe64:
	.incbin	PROBE64
	.balign	512
end:
