//! Where rows wait: outside memory, until all of them are there.

use std::io::{self, Read, Seek, SeekFrom, Write};

use model::Fault;

use crate::row::Cell;

/// A private place for bytes that is gone when the program is: a temporary file without a name, or memory.
pub trait Spool: Read + Write + Seek + Send {}

impl<S: Read + Write + Seek + Send> Spool for S {}

/// Where a row lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    at: u64,
    len: u32,
}

/// Where the bytes of a file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes {
    at: u64,
    len: u64,
}

/// Rows in a spool. Writing comes first, reading after.
pub(super) struct Shelf<'a> {
    spool: &'a mut dyn Spool,
    end: u64,
    /// So much of it lies in the spool; the rest waits in `buffer`.
    flushed: u64,
    buffer: Vec<u8>,
    /// Bytes read ahead, and where they begin: rows that were written one after the other are read that way.
    window: Vec<u8>,
    window_at: u64,
}

const BUFFER: usize = 256 << 10;

impl<'a> Shelf<'a> {
    pub(super) fn new(spool: &'a mut dyn Spool) -> Self {
        Shelf { spool, end: 0, flushed: 0, buffer: Vec::new(), window: Vec::new(), window_at: 0 }
    }

    pub(super) fn put(&mut self, cells: &[Cell]) -> Result<Place, Fault> {
        let start = self.buffer.len();
        for cell in cells {
            match cell {
                None => self.buffer.push(0),
                Some(text) => {
                    self.buffer.push(1);
                    self.buffer.extend_from_slice(&(text.len() as u64).to_le_bytes());
                    self.buffer.extend_from_slice(text.as_bytes());
                }
            }
        }
        let len = u32::try_from(self.buffer.len() - start).map_err(|_| {
            Fault::bad_input("row-too-large", "A row has more than 4 GiB")
                .advise("Leave its column out of the data map.")
        })?;
        let place = Place { at: self.end, len };
        self.end += u64::from(len);
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(place)
    }

    /// Keeps all of `input`. `Ok(Err(…))`: it could not be read to its end.
    pub(super) fn keep(&mut self, input: &mut dyn Read) -> Result<io::Result<Bytes>, Fault> {
        let (at, mut piece) = (self.end, vec![0; BUFFER]);
        loop {
            match input.read(&mut piece) {
                Ok(0) => return Ok(Ok(Bytes { at, len: self.end - at })),
                Ok(count) => {
                    self.buffer.extend_from_slice(&piece[..count]);
                    self.end += count as u64;
                    self.flush()?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// Tells what was kept, piece by piece.
    pub(super) fn kept(&mut self, bytes: Bytes, each: &mut dyn FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        self.flush()?;
        self.spool.seek(SeekFrom::Start(bytes.at)).map_err(lost)?;
        let (mut left, mut piece) = (bytes.len, vec![0; BUFFER]);
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            self.spool.read_exact(&mut piece[..count]).map_err(lost)?;
            each(&piece[..count])?;
            left -= count as u64;
        }
        Ok(())
    }

    pub(super) fn cells(&mut self, place: Place) -> Result<Vec<Cell>, Fault> {
        // Rows are put while others are read: what waits is written in blocks all the same.
        if place.at + u64::from(place.len) > self.flushed {
            self.flush()?;
        }
        let bytes = self.read(place).map_err(lost)?;
        decode(&bytes).ok_or_else(|| lost(io::ErrorKind::InvalidData.into()))
    }

    fn flush(&mut self) -> Result<(), Fault> {
        if !self.buffer.is_empty() {
            let written = self.spool.seek(SeekFrom::End(0)).and_then(|_| self.spool.write_all(&self.buffer));
            written.map_err(lost)?;
            self.buffer.clear();
            self.flushed = self.end;
        }
        Ok(())
    }

    fn read(&mut self, place: Place) -> io::Result<Vec<u8>> {
        let len = place.len as usize;
        let is_inside = |window: &[u8], window_at: u64| {
            let from = usize::try_from(place.at.checked_sub(window_at)?).ok()?;
            window.get(from..from + len).map(<[u8]>::to_vec)
        };
        if let Some(bytes) = is_inside(&self.window, self.window_at) {
            return Ok(bytes);
        }
        let wanted = (self.flushed - place.at).min((len.max(BUFFER)) as u64) as usize;
        self.window.resize(wanted, 0);
        self.spool.seek(SeekFrom::Start(place.at))?;
        self.spool.read_exact(&mut self.window)?;
        self.window_at = place.at;
        Ok(self.window[..len].to_vec())
    }
}

fn decode(mut bytes: &[u8]) -> Option<Vec<Cell>> {
    let mut cells = Vec::new();
    while let Some((mark, rest)) = bytes.split_first() {
        if *mark == 0 {
            (bytes, _) = (rest, cells.push(None));
            continue;
        }
        let (len, rest) = rest.split_first_chunk::<8>()?;
        let (text, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
        cells.push(Some(String::from_utf8(text.to_vec()).ok()?));
        bytes = rest;
    }
    Some(cells)
}

fn lost(error: io::Error) -> Fault {
    Fault::unavailable("spool-lost", format!("The temporary file that rows wait in failed: {error}"))
        .advise("Free some space in the folder of the output and run the command again; nothing was written.")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reading and writing in turn, as the decisions on each row do it.
    #[test]
    fn rows_are_read_while_others_are_put() {
        let mut memory = io::Cursor::new(Vec::new());
        let mut shelf = Shelf::new(&mut memory);
        let row = |n: usize| vec![Some(format!("{n}{}", "y".repeat(n % 997))), None];
        let mut places: Vec<Place> = (0..3000).map(|n| shelf.put(&row(n)).unwrap()).collect();
        for (n, place) in places.iter_mut().enumerate() {
            assert_eq!(shelf.cells(*place).unwrap(), row(n));
            *place = shelf.put(&row(n + 1)).unwrap();
        }
        for (n, place) in places.iter().enumerate().rev() {
            assert_eq!(shelf.cells(*place).unwrap(), row(n + 1));
        }
    }

    #[test]
    fn rows_come_back_as_they_went_in() {
        let mut memory = io::Cursor::new(Vec::new());
        let mut shelf = Shelf::new(&mut memory);
        let rows: Vec<Vec<Cell>> = (0..2000)
            .map(|n| vec![Some("x".repeat(n % 700)), None, Some(String::new()), Some(n.to_string())])
            .collect();
        let places: Vec<Place> = rows.iter().map(|row| shelf.put(row).unwrap()).collect();
        for (row, place) in rows.iter().zip(&places).rev().chain(rows.iter().zip(&places)) {
            assert_eq!(&shelf.cells(*place).unwrap(), row);
        }
    }
}
