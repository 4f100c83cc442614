//! The memory of payloads: chunks of bytes that are used again, of which slices are shared.

/// The sizes in which chunks come. The largest holds a whole segment and a whole datagram.
const CLASS_BYTES: [usize; 4] = [512, 2_048, 16_384, 65_536];

/// The most bytes that one slice can have.
pub(crate) const SLICE_BYTES_MAX: usize = CLASS_BYTES[CLASS_BYTES.len() - 1];

/// Some bytes of a chunk of a [`Pool`]. It is neither copied nor cloned: it is shared by the pool, and each slice is
/// given back to it once.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a slice keeps its chunk until it is given back with `Pool::release`"]
pub(crate) struct Slice {
    chunk: u32,
    start: u32,
    len: u32,
}

impl Slice {
    /// How many bytes it has.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Leaves out the first `bytes` of it.
    #[inline]
    pub(crate) fn skip(&mut self, bytes: usize) {
        assert!(bytes <= self.len(), "{bytes} bytes of {} are skipped", self.len);
        self.start += bytes as u32;
        self.len -= bytes as u32;
    }

    /// Leaves out all but the first `bytes` of it.
    #[inline]
    pub(crate) fn truncate(&mut self, bytes: usize) {
        assert!(bytes <= self.len(), "{} bytes are cut to {bytes}", self.len);
        self.len = bytes as u32;
    }
}

/// The chunks of one network.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    chunks: Vec<Chunk>,
    /// By class; used again in the order last in, first out.
    free: [Vec<u32>; CLASS_BYTES.len()],
}

#[derive(Debug)]
struct Chunk {
    /// Its capacity is the size of its class, and is never exceeded.
    bytes: Vec<u8>,
    references: u32,
    class: u8,
}

impl Chunk {
    /// A slice of this chunk with that number is given back; whether it was the last one, so that the chunk is empty.
    #[inline(always)]
    fn loses_last(&mut self, number: u32) -> bool {
        assert!(self.references > 0, "a slice of chunk {number} was given back twice");
        self.references -= 1;
        if self.references > 0 {
            return false;
        }
        self.bytes.clear();
        true
    }
}

/// How many bytes are copied at once. The C library copies more than some 4 KiB by one instruction, which several
/// processors execute at a fraction of their speed if the two ends lie unluckily in their pages.
const PIECE_BYTES: usize = 2_048;

/// Copies all the bytes to the beginning of `to`.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    if from.len() <= PIECE_BYTES {
        to[..from.len()].copy_from_slice(from);
        return;
    }
    for (from, to) in from.chunks(PIECE_BYTES).zip(to.chunks_mut(PIECE_BYTES)) {
        to[..from.len()].copy_from_slice(from);
    }
}

#[inline]
fn append(from: &[u8], to: &mut Vec<u8>) {
    if from.len() <= PIECE_BYTES {
        return to.extend_from_slice(from);
    }
    from.chunks(PIECE_BYTES).for_each(|piece| to.extend_from_slice(piece));
}

/// The smallest class of chunks that hold so many bytes.
#[inline]
fn class_of(len: usize) -> usize {
    if len <= CLASS_BYTES[0] {
        return 0;
    }
    CLASS_BYTES.iter().position(|&bytes| len <= bytes).expect("the largest class holds any slice")
}

/// Bytes that a pool leaves to that of the next run.
const BYTES_KEPT_MAX: usize = 1 << 20;

impl Pool {
    /// For the next run: nothing is in use then. Slices of before are of no use any more.
    pub(crate) fn renew(&mut self) {
        let Pool { chunks, free } = self;
        free.iter_mut().for_each(Vec::clear);
        let mut bytes = 0;
        chunks.retain(|chunk| {
            bytes += CLASS_BYTES[usize::from(chunk.class)];
            bytes <= BYTES_KEPT_MAX
        });
        // From the last on, so that the first is used first.
        for (index, chunk) in chunks.iter_mut().enumerate().rev() {
            chunk.bytes.clear();
            chunk.references = 0;
            free[usize::from(chunk.class)].push(index as u32);
        }
        const CHUNKS_KEPT_MAX: usize = BYTES_KEPT_MAX / CLASS_BYTES[0];
        chunks.shrink_to(CHUNKS_KEPT_MAX);
        free.iter_mut().for_each(|free| free.shrink_to(CHUNKS_KEPT_MAX));
    }

    /// Copies as many of the bytes as one slice can have into a chunk of their own.
    #[inline]
    pub(crate) fn copy_in(&mut self, data: &[u8]) -> Slice {
        // Nearly all are small, and the pool has a chunk for them.
        if data.len() <= CLASS_BYTES[0]
            && let Some(index) = self.free[0].pop()
        {
            return self.fill(index, data);
        }
        self.copy_in_any(data)
    }

    #[inline(never)]
    fn copy_in_any(&mut self, data: &[u8]) -> Slice {
        let data = &data[..data.len().min(SLICE_BYTES_MAX)];
        let class = class_of(data.len());
        let index = match self.free[class].pop() {
            Some(index) => index,
            None => {
                let bytes = Vec::with_capacity(CLASS_BYTES[class]);
                self.chunks.push(Chunk { bytes, references: 0, class: class as u8 });
                (self.chunks.len() - 1) as u32
            }
        };
        self.fill(index, data)
    }

    /// Copies bytes into an empty chunk, which holds so many.
    #[inline(always)]
    fn fill(&mut self, index: u32, data: &[u8]) -> Slice {
        let chunk = &mut self.chunks[index as usize];
        chunk.references = 1;
        append(data, &mut chunk.bytes);
        Slice { chunk: index, start: 0, len: data.len() as u32 }
    }

    /// Appends to a slice that ends where its chunk does, as far as there is room; how many bytes were taken.
    #[inline]
    pub(crate) fn extend(&mut self, slice: &mut Slice, data: &[u8]) -> usize {
        let chunk = &mut self.chunks[slice.chunk as usize];
        if (slice.start + slice.len) as usize != chunk.bytes.len() {
            return 0;
        }
        let room = CLASS_BYTES[usize::from(chunk.class)] - chunk.bytes.len();
        let len = data.len().min(room);
        append(&data[..len], &mut chunk.bytes);
        slice.len += len as u32;
        len
    }

    /// Another slice of the same bytes: `len` of them after the first `offset`.
    #[inline]
    pub(crate) fn share(&mut self, slice: &Slice, offset: usize, len: usize) -> Slice {
        assert!(offset + len <= slice.len(), "{offset} + {len} bytes of {} are shared", slice.len);
        self.chunks[slice.chunk as usize].references += 1;
        Slice { chunk: slice.chunk, start: slice.start + offset as u32, len: len as u32 }
    }

    /// Makes one slice of two if the second continues the first in the same chunk; else gives it back.
    pub(crate) fn join(&mut self, first: &mut Slice, second: Slice) -> Result<(), Slice> {
        if first.chunk != second.chunk || first.start + first.len != second.start {
            return Err(second);
        }
        first.len += second.len;
        self.release(second);
        Ok(())
    }

    /// Empties a slice of which nothing is needed any more, so that its chunk is written on, if other slices keep the chunk
    /// anyway. If not, it is taken back: an idle connection has no chunk.
    #[inline(always)]
    pub(crate) fn rewind(&mut self, slice: &mut Option<Slice>) {
        let Some(rewound) = slice else { return };
        let chunk = &mut self.chunks[rewound.chunk as usize];
        if chunk.references > 1 {
            (rewound.start, rewound.len) = (chunk.bytes.len() as u32, 0);
            return;
        }
        if chunk.loses_last(rewound.chunk) {
            self.free[usize::from(chunk.class)].push(rewound.chunk);
        }
        *slice = None;
    }

    /// The bytes.
    #[inline]
    pub(crate) fn bytes(&self, slice: &Slice) -> &[u8] {
        let start = slice.start as usize;
        &self.chunks[slice.chunk as usize].bytes[start..start + slice.len()]
    }

    /// Copies as much of a slice as fits into `out`, and takes it back; how many bytes were copied.
    #[inline]
    pub(crate) fn copy_out(&mut self, slice: Slice, out: &mut [u8]) -> usize {
        let chunk = &mut self.chunks[slice.chunk as usize];
        let (start, bytes) = (slice.start as usize, slice.len().min(out.len()));
        copy(&chunk.bytes[start..start + bytes], out);
        if chunk.loses_last(slice.chunk) {
            self.free[usize::from(chunk.class)].push(slice.chunk);
        }
        bytes
    }

    /// Takes a slice back; the chunk is used again when its last slice is back.
    #[inline]
    pub(crate) fn release(&mut self, slice: Slice) {
        let chunk = &mut self.chunks[slice.chunk as usize];
        if chunk.loses_last(slice.chunk) {
            self.free[usize::from(chunk.class)].push(slice.chunk);
        }
    }

    /// Takes back whatever there is.
    pub(crate) fn release_all(&mut self, slices: impl IntoIterator<Item = Slice>) {
        slices.into_iter().for_each(|slice| self.release(slice));
    }

    /// How many chunks are in use.
    #[cfg(test)]
    pub(crate) fn in_use(&self) -> usize {
        self.chunks.len() - self.free.iter().map(Vec::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_used_again_only_when_its_last_slice_is_back() {
        let mut pool = Pool::default();
        let mut whole = pool.copy_in(b"hello");
        let part = pool.share(&whole, 1, 3);
        assert_eq!(pool.bytes(&part), b"ell");
        assert_eq!(pool.extend(&mut whole, b" world"), 6);
        assert_eq!(pool.bytes(&whole), b"hello world");
        pool.release(whole);
        assert_eq!((pool.in_use(), pool.bytes(&part)), (1, &b"ell"[..]));
        pool.release(part);
        assert_eq!(pool.in_use(), 0);
        let again = pool.copy_in(b"x");
        assert_eq!((pool.chunks.len(), pool.bytes(&again)), (1, &b"x"[..]));
    }

    #[test]
    fn a_renewed_pool_has_nothing_in_use_and_a_bounded_number_of_bytes() {
        let mut pool = Pool::default();
        for bytes in [1, 2_000, 60_000] {
            for _ in 0..100 {
                let slice = pool.copy_in(&vec![7; bytes]);
                let _still_in_use = pool.share(&slice, 0, 1);
                let _still_in_use = slice;
            }
        }
        pool.renew();
        assert_eq!(pool.in_use(), 0);
        let kept: usize = pool.chunks.iter().map(|chunk| chunk.bytes.capacity()).sum();
        assert!(kept > BYTES_KEPT_MAX / 2 && kept <= BYTES_KEPT_MAX, "{kept} bytes");
        let again = pool.copy_in(b"x");
        assert_eq!((again.chunk, pool.bytes(&again)), (0, &b"x"[..]));
        pool.release(again);
    }

    #[test]
    fn a_chunk_is_kept_to_be_written_on_if_it_is_used_by_others() {
        let mut pool = Pool::default();
        let large = pool.copy_in(&[2; 1_000]);
        let other = pool.share(&large, 0, 10);
        let mut rewound = Some(large);
        pool.rewind(&mut rewound);
        let place = rewound.as_ref().map(|slice| (slice.start, slice.len));
        assert_eq!(place, Some((1_000, 0)), "what the other has is not written over");
        pool.release(other);
        pool.rewind(&mut rewound);
        assert_eq!((rewound, pool.in_use()), (None, 0));
    }

    #[test]
    fn a_slice_grows_up_to_the_size_of_its_chunk() {
        let mut pool = Pool::default();
        let mut slice = pool.copy_in(&[1; 2_000]);
        assert_eq!(pool.extend(&mut slice, &[2; 100]), 48);
        assert_eq!(pool.extend(&mut slice, &[2; 100]), 0);
        assert_eq!(slice.len(), 2_048);
        assert_eq!(pool.copy_in(&[0; 70_000]).len(), 65_536);
    }

    #[test]
    fn only_neighbours_in_one_chunk_are_joined() {
        let mut pool = Pool::default();
        let whole = pool.copy_in(b"abcdef");
        let (mut head, tail, rest) =
            (pool.share(&whole, 0, 2), pool.share(&whole, 2, 2), pool.share(&whole, 5, 1));
        pool.join(&mut head, tail).unwrap();
        assert_eq!(pool.bytes(&head), b"abcd");
        let refused = pool.join(&mut head, rest).unwrap_err();
        assert_eq!(pool.bytes(&refused), b"f");
    }

    #[test]
    #[should_panic(expected = "was given back twice")]
    fn a_slice_cannot_be_given_back_twice() {
        let mut pool = Pool::default();
        let slice = pool.copy_in(b"x");
        let copy = Slice { chunk: slice.chunk, start: 0, len: 1 };
        pool.release(slice);
        pool.release(copy);
    }
}
