//! The functions that the executable imports, or exports: its dynamic symbols, as the linker of the machine has loaded them.

use std::ffi::{CStr, c_char, c_int, c_void};

use libc::{Elf64_Sym, dl_phdr_info};

/// A dynamic symbol of the executable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    /// Whether the executable has it itself.
    pub(crate) is_defined: bool,
}

const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_GNU_HASH: u64 = 0x6fff_fef5;

/// All dynamic symbols of the executable; none if it has no table of them as GNU's linkers make it.
pub(crate) fn symbols() -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    // SAFETY: `look` is given what it expects, and is called in this call only.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut found).cast()) };
    found
}

/// Takes the first object that is told of, which is the executable.
///
/// # Safety
/// `info` is as `dl_iterate_phdr` gives it, and `found` is a `Vec<Symbol>`.
unsafe extern "C" fn look(info: *mut dl_phdr_info, _: usize, found: *mut c_void) -> c_int {
    // SAFETY: so it was promised.
    let (info, found) = unsafe { (&*info, &mut *found.cast::<Vec<Symbol>>()) };
    // SAFETY: an object has so many headers.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let Some(dynamic) = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC) else { return 1 };
    let entries = (info.dlpi_addr + dynamic.p_vaddr) as *const [u64; 2];
    let entry = |wanted| {
        // SAFETY: the entries of a loaded object end with one whose tag is zero.
        let all = (0..).map(|place| unsafe { *entries.add(place) }).take_while(|[tag, _]| *tag != 0);
        let value = all.filter(|[tag, _]| *tag == wanted).map(|[_, value]| value).next()?;
        // The linker may have made it an address already.
        Some(if value < info.dlpi_addr { value + info.dlpi_addr } else { value })
    };
    let tables = (entry(DT_SYMTAB), entry(DT_STRTAB), entry(DT_GNU_HASH));
    let (Some(symbols), Some(texts), Some(hashes)) = tables else { return 1 };
    // SAFETY: the table of hashes is one of a loaded object.
    let count = unsafe { count(hashes as *const u32) };
    // The first is no symbol.
    for place in 1..count {
        // SAFETY: there are so many symbols.
        let symbol = unsafe { &*(symbols as *const Elf64_Sym).add(place) };
        // SAFETY: its name is a text in the table of texts.
        let name = unsafe { CStr::from_ptr((texts as *const c_char).add(symbol.st_name as usize)) };
        found.push(Symbol { name: name.to_string_lossy().into_owned(), is_defined: symbol.st_shndx != 0 });
    }
    1
}

/// How many symbols a table of hashes is for: those that are imported stand before the hashed ones
/// (<https://flapenguin.me/elf-dt-gnu-hash>).
///
/// # Safety
/// `table` is a whole table `DT_GNU_HASH`.
unsafe fn count(table: *const u32) -> usize {
    // SAFETY: so it was promised.
    let word = |place: usize| unsafe { *table.add(place) } as usize;
    let (buckets, first, filter_words) = (word(0), word(1), word(2));
    let buckets_at = 4 + 2 * filter_words;
    let chains_at = buckets_at + buckets;
    let last = (0..buckets).map(|bucket| word(buckets_at + bucket)).max().unwrap_or(0);
    if last < first {
        return first;
    }
    // The last of a chain has its lowest bit set.
    let rest = (last..).take_while(|place| word(chains_at + place - first) & 1 == 0).count();
    last + rest + 1
}
