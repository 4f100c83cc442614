//! Bytes in order, as slices of chunks.

use std::collections::VecDeque;

use crate::pool::{Pool, SLICE_BYTES_MAX, Slice, copy};

/// A queue of bytes. It must be emptied with [`Bytes::clear`], as its slices belong to the pool.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    /// Apart from the others, as there are none nearly always.
    first: Option<Slice>,
    others: VecDeque<Slice>,
}

impl Bytes {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.as_ref().is_none_or(|first| first.len() == 0) && self.others.is_empty()
    }

    /// Adds copies of these bytes.
    #[inline]
    pub(crate) fn write(&mut self, pool: &mut Pool, data: &[u8]) {
        if self.first.is_none() && (1..=SLICE_BYTES_MAX).contains(&data.len()) {
            self.first = Some(pool.copy_in(data));
        } else {
            self.write_on(pool, data);
        }
    }

    #[inline(never)]
    fn write_on(&mut self, pool: &mut Pool, data: &[u8]) {
        let mut rest = data;
        if let Some(last) = self.others.back_mut().or(self.first.as_mut()) {
            let bytes = pool.extend(last, rest);
            rest = &rest[bytes..];
        }
        while !rest.is_empty() {
            let slice = pool.copy_in(rest);
            rest = &rest[slice.len()..];
            self.push(slice);
        }
    }

    #[inline]
    fn push(&mut self, slice: Slice) {
        if self.first.is_none() {
            self.first = Some(slice);
        } else {
            self.others.push_back(slice);
        }
    }

    /// Adds a slice, as a part of the last one if it continues that.
    #[inline(always)]
    pub(crate) fn append(&mut self, pool: &mut Pool, slice: Slice) {
        if self.first.is_none() {
            self.first = Some(slice);
        } else {
            self.append_to_others(pool, slice);
        }
    }

    #[inline(never)]
    fn append_to_others(&mut self, pool: &mut Pool, slice: Slice) {
        if let Some(last) = self.others.back_mut().or(self.first.as_mut())
            && let Err(slice) = pool.join(last, slice)
        {
            self.others.push_back(slice);
        }
    }

    /// Copies as many bytes as fit, and takes them out.
    #[inline]
    pub(crate) fn read(&mut self, pool: &mut Pool, out: &mut [u8]) -> usize {
        // Nearly always there is one slice, and all of it fits.
        if self.others.is_empty()
            && let Some(first) = self.first.take_if(|first| first.len() <= out.len())
        {
            let bytes = first.len();
            copy(pool.bytes(&first), out);
            pool.release(first);
            return bytes;
        }
        self.read_slices(pool, out)
    }

    fn read_slices(&mut self, pool: &mut Pool, out: &mut [u8]) -> usize {
        let mut copied = 0;
        while let Some(first) = &mut self.first {
            let bytes = first.len().min(out.len() - copied);
            copy(&pool.bytes(first)[..bytes], &mut out[copied..]);
            copied += bytes;
            if bytes < first.len() {
                first.skip(bytes);
                break;
            }
            self.release_first(pool);
        }
        copied
    }

    #[inline]
    fn release_first(&mut self, pool: &mut Pool) {
        if let Some(first) = self.first.take() {
            pool.release(first);
        }
        if !self.others.is_empty() {
            self.first = self.others.pop_front();
        }
    }

    /// Copies as many bytes as fit, and leaves them.
    pub(crate) fn peek(&self, pool: &Pool, out: &mut [u8]) -> usize {
        let mut copied = 0;
        for slice in self.first.iter().chain(&self.others) {
            let bytes = slice.len().min(out.len() - copied);
            copy(&pool.bytes(slice)[..bytes], &mut out[copied..]);
            copied += bytes;
        }
        copied
    }

    /// Takes out the first so many bytes. When that is all, a chunk that others still use is kept for the next bytes, so that many
    /// small writes to a slow reader share a chunk; else it is given back.
    #[inline(always)]
    pub(crate) fn skip(&mut self, pool: &mut Pool, bytes: usize) {
        let Some(first) = &mut self.first else { return };
        if bytes < first.len() {
            return first.skip(bytes);
        }
        if !self.others.is_empty() {
            return self.skip_slices(pool, bytes);
        }
        pool.rewind(&mut self.first);
    }

    fn skip_slices(&mut self, pool: &mut Pool, bytes: usize) {
        let mut rest = bytes;
        while let Some(first) = &self.first
            && !self.others.is_empty()
            && rest >= first.len()
        {
            rest -= first.len();
            self.release_first(pool);
        }
        self.skip(pool, rest);
    }

    /// A slice of the bytes from `offset` on, as far as they are in one chunk, at most so many.
    ///
    /// # Panics
    /// If there are none.
    #[inline(always)]
    pub(crate) fn share(&self, pool: &mut Pool, offset: usize, bytes_max: usize) -> Slice {
        match &self.first {
            Some(first) if offset < first.len() => {
                pool.share(first, offset, bytes_max.min(first.len() - offset))
            }
            first => self.share_other(pool, offset - first.as_ref().map_or(0, Slice::len), bytes_max),
        }
    }

    fn share_other(&self, pool: &mut Pool, mut offset: usize, bytes_max: usize) -> Slice {
        for slice in &self.others {
            if offset < slice.len() {
                return pool.share(slice, offset, bytes_max.min(slice.len() - offset));
            }
            offset -= slice.len();
        }
        panic!("{offset} bytes too far");
    }

    /// Gives all memory back.
    pub(crate) fn clear(&mut self, pool: &mut Pool) {
        pool.release_all(self.first.take());
        pool.release_all(self.others.drain(..));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Write(usize),
        Read(usize),
        Skip(usize),
        Share(usize, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_usize..5_000).prop_map(Step::Write),
            (0_usize..5_000).prop_map(Step::Read),
            (0_usize..5_000).prop_map(Step::Skip),
            (0_usize..5_000, 1_usize..3_000).prop_map(|(offset, bytes)| Step::Share(offset, bytes)),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_queue_of_bytes(steps in prop::collection::vec(step(), 0..60)) {
            let mut pool = Pool::default();
            let mut queue = Bytes::default();
            let mut model: VecDeque<u8> = VecDeque::new();
            let mut shared: Vec<(Slice, Vec<u8>)> = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Write(length) => {
                        let data: Vec<u8> = (0..length).map(|at| (at * 7 + number) as u8).collect();
                        queue.write(&mut pool, &data);
                        model.extend(data);
                    }
                    Step::Read(length) => {
                        let mut peeked = vec![0; length];
                        let count = queue.peek(&pool, &mut peeked);
                        let mut read = vec![0; length];
                        prop_assert_eq!(queue.read(&mut pool, &mut read), count);
                        let expected: Vec<u8> = model.drain(..length.min(model.len())).collect();
                        prop_assert_eq!(&read[..count], &expected);
                        prop_assert_eq!(&peeked[..count], &expected);
                    }
                    Step::Skip(length) => {
                        let length = length.min(model.len());
                        queue.skip(&mut pool, length);
                        model.drain(..length);
                    }
                    Step::Share(offset, bytes_max) if offset < model.len() => {
                        let slice = queue.share(&mut pool, offset, bytes_max);
                        let expected: Vec<u8> = model.iter().copied().skip(offset).take(slice.len()).collect();
                        prop_assert!(slice.len() > 0 && slice.len() <= bytes_max);
                        shared.push((slice, expected));
                    }
                    Step::Share(..) => {}
                }
                prop_assert_eq!(queue.is_empty(), model.is_empty());
            }
            for (slice, expected) in shared {
                prop_assert_eq!(pool.bytes(&slice), &expected[..], "shared bytes do not change");
                pool.release(slice);
            }
            queue.clear(&mut pool);
            prop_assert_eq!(pool.in_use(), 0);
        }
    }
}
