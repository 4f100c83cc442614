//! The switch in user space: one thread of the machine goes on as another, on that one's stack and with its thread-locals.
//!
//! A thread of the machine that gets here for the first time *parks*: it leaves its stack, and waits in the kernel
//! without one. From then on whoever has the baton carries on as that thread: the thread of the machine that runs the
//! executor takes over the registers that a call keeps, the stack pointer, and the thread pointer (System V ABI, AMD64,
//! 3.2; ELF Handling For Thread-Local Storage, 3.4.6). So a switch costs a call and one system call, where two threads
//! of the machine take some microseconds to wake each other. What the C library keeps for a thread hangs at the thread
//! pointer and moves with it. What the kernel keeps for one (its number, its mask of signals, its stack for signals,
//! its settings by `prctl`) stays that of the machine's thread. When a thread ends, its own thread of the machine takes
//! it over again, since the C library ends that one.

use std::arch::{asm, naked_asm};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::system_call;

/// A thread that is passed the baton, and what it had when it passed it on. The first four parts are known to the code below by their places.
#[repr(C)]
pub(crate) struct Direct {
    /// The stack pointer, at which the registers lie.
    stack: AtomicUsize,
    /// The thread pointer.
    pointer: AtomicUsize,
    state: AtomicU32,
    order: AtomicU32,
    /// Who is to be taken over by its own thread of the machine once this one goes on.
    ended: AtomicPtr<Direct>,
    /// The signals that its own thread of the machine blocked before it parked.
    mask: AtomicU64,
}

const STACK: usize = std::mem::offset_of!(Direct, stack);
const POINTER: usize = std::mem::offset_of!(Direct, pointer);
const STATE: usize = std::mem::offset_of!(Direct, state);
const ORDER: usize = std::mem::offset_of!(Direct, order);

/// Nobody can go on as this thread yet.
const ON_ITS_WAY: u32 = 0;
const PARKED: u32 = 1;

const TO_STAY: u32 = 0;
/// The thread of the machine is to take over.
const HOME: u32 = 1;
/// It is to end without running anything more.
const LEAVE: u32 = 2;

const ARCH_SET_FS: usize = 0x1002;
const WAIT: usize = (libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG) as usize;
const WAKE: usize = (libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG) as usize;

impl Direct {
    /// Of a thread that has yet to [`park`](Self::park).
    pub(super) fn new() -> Self {
        Direct {
            stack: AtomicUsize::new(0),
            pointer: AtomicUsize::new(0),
            state: AtomicU32::new(ON_ITS_WAY),
            order: AtomicU32::new(TO_STAY),
            ended: AtomicPtr::new(std::ptr::null_mut()),
            mask: AtomicU64::new(0),
        }
    }

    /// Of the thread that carries the others.
    pub(super) fn of_carrier() -> Self {
        Direct { state: AtomicU32::new(PARKED), ..Direct::new() }
    }

    /// Waits until somebody goes on as this thread. Its own thread of the machine may end here.
    pub(super) fn park(&self) {
        self.mask.store(block_signals(u64::MAX), Ordering::Relaxed);
        self.pointer.store(thread_pointer(), Ordering::Relaxed);
        // SAFETY: this thread comes back as if from a call, with its stack as it was: nobody touches what lies above
        // the stack pointer until somebody goes on as this thread. All signals are blocked, so that the kernel puts
        // nothing on the stack.
        unsafe { park(self) };
        self.arrive();
    }

    /// Goes on as `next`, and comes back when somebody goes on as this thread.
    pub(super) fn switch_to(&self, next: &Direct) {
        self.pointer.store(thread_pointer(), Ordering::Relaxed);
        next.await_parked();
        // SAFETY: `next` has parked or has switched, so that its registers lie where its stack pointer is, and nobody else goes on as it: who does
        // has the baton. This thread comes back as if from a call.
        unsafe { switch(self, next) };
        self.arrive();
    }

    /// Has somebody go on as `next`, and comes back on the thread of the machine that is this thread's own.
    pub(super) fn end_to(&self, next: &Direct) {
        next.ended.store(std::ptr::from_ref(self).cast_mut(), Ordering::Relaxed);
        next.await_parked();
        // SAFETY: as above. It is sent home by `next`, when nobody is on its stack any more.
        unsafe { switch(self, next) };
        block_signals(self.mask.load(Ordering::Relaxed));
    }

    /// Ends the thread of the machine, which has parked or will. Nobody goes on as this thread any more, and this must stay where it is for ever.
    pub(super) fn dismiss(&self) {
        self.tell(LEAVE);
    }

    fn tell(&self, order: u32) {
        self.order.store(order, Ordering::Release);
        futex(&self.order, WAKE, 1);
    }

    fn await_parked(&self) {
        while self.state.load(Ordering::Acquire) == ON_ITS_WAY {
            futex(&self.state, WAIT, ON_ITS_WAY);
        }
    }

    /// What is to be done by who has just gone on as this thread.
    fn arrive(&self) {
        let ended = self.ended.swap(std::ptr::null_mut(), Ordering::Relaxed);
        if !ended.is_null() {
            // SAFETY: it waits for this, and goes on when it is told.
            unsafe { &*ended }.tell(HOME);
        }
    }
}

fn futex(word: &AtomicU32, operation: usize, value: u32) {
    // What it says does not matter: the word is looked at again.
    system_call(libc::SYS_futex, [std::ptr::from_ref(word).addr(), operation, value as usize, 0, 0, 0]);
}

/// Sets which signals this thread of the machine blocks, those of the C library too; which it did before.
fn block_signals(mask: u64) -> u64 {
    let mut before: u64 = 0;
    let size = size_of::<u64>();
    system_call(
        libc::SYS_rt_sigprocmask,
        [libc::SIG_SETMASK as usize, (&raw const mask).addr(), (&raw mut before).addr(), size, 0, 0],
    );
    before
}

fn thread_pointer() -> usize {
    let pointer: usize;
    // SAFETY: it reads the word at the thread pointer, which is the thread pointer itself.
    unsafe { asm!("mov {}, fs:[0]", out(reg) pointer, options(nostack, preserves_flags, readonly)) };
    pointer
}

/// Puts on the stack what a call keeps (System V ABI, AMD64, 3.2.1): registers, and how numbers with a point are computed.
macro_rules! keep_registers {
    () => {
        concat!(
            "push rbp\n",
            "push rbx\n",
            "push r12\n",
            "push r13\n",
            "push r14\n",
            "push r15\n",
            "sub rsp, 8\n",
            "stmxcsr [rsp]\n",
            "fnstcw [rsp + 4]\n",
        )
    };
}

/// Takes it from there, and goes on behind the call.
macro_rules! take_registers {
    () => {
        concat!(
            "ldmxcsr [rsp]\n",
            "fldcw [rsp + 4]\n",
            "add rsp, 8\n",
            "pop r15\n",
            "pop r14\n",
            "pop r13\n",
            "pop r12\n",
            "pop rbx\n",
            "pop rbp\n",
            "ret\n",
        )
    };
}

/// Keeps the registers of `from` on its stack, and goes on with those of `to`.
#[unsafe(naked)]
unsafe extern "sysv64" fn switch(from: *const Direct, to: *const Direct) {
    naked_asm!(
        keep_registers!(),
        "mov [rdi + {stack}], rsp",
        "mov rsp, [rsi + {stack}]",
        "mov rsi, [rsi + {pointer}]",
        "mov edi, {set_fs}",
        "mov eax, {arch_prctl}",
        "syscall",
        take_registers!(),
        stack = const STACK,
        pointer = const POINTER,
        set_fs = const ARCH_SET_FS,
        arch_prctl = const libc::SYS_arch_prctl,
    )
}

/// Keeps the registers on the stack, says so, and waits without a stack for an order.
#[unsafe(naked)]
unsafe extern "sysv64" fn park(own: *const Direct) {
    naked_asm!(
        keep_registers!(),
        "mov [rdi + {stack}], rsp",
        "mov r12, rdi",
        "mov dword ptr [r12 + {state}], {parked}",
        // From here on the stack is somebody else's.
        "lea rdi, [r12 + {state}]",
        "mov esi, {wake}",
        "mov edx, 1",
        "mov eax, {futex}",
        "syscall",
        "2:",
        "mov edx, [r12 + {order}]",
        "cmp edx, {home}",
        "je 3f",
        "cmp edx, {leave}",
        "je 4f",
        "lea rdi, [r12 + {order}]",
        "mov esi, {wait}",
        "mov edx, {stay}",
        "xor r10d, r10d",
        "mov eax, {futex}",
        "syscall",
        "jmp 2b",
        "3:",
        "mov rsp, [r12 + {stack}]",
        take_registers!(),
        "4:",
        "xor edi, edi",
        "mov eax, {exit}",
        "syscall",
        "ud2",
        stack = const STACK,
        state = const STATE,
        order = const ORDER,
        parked = const PARKED,
        stay = const TO_STAY,
        home = const HOME,
        leave = const LEAVE,
        wait = const WAIT,
        wake = const WAKE,
        futex = const libc::SYS_futex,
        exit = const libc::SYS_exit,
    )
}
