//! Parquet files put together by hand, so that they can make false claims.

/// Thrift's compact protocol, written field by field.
#[derive(Clone, Default)]
pub struct Thrift {
    bytes: Vec<u8>,
    last: Vec<i16>,
}

pub const I32: u8 = 5;
pub const I64: u8 = 6;
pub const BINARY: u8 = 8;
pub const LIST: u8 = 9;
pub const STRUCT: u8 = 12;

pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

impl Thrift {
    pub fn new() -> Self {
        Self { bytes: Vec::new(), last: vec![0] }
    }

    fn head(&mut self, id: i16, kind: u8) {
        let last = self.last.last_mut().unwrap();
        let step = id - *last;
        *last = id;
        self.bytes.push((step as u8) << 4 | kind);
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend(bytes);
        self
    }

    pub fn integer(&mut self, id: i16, kind: u8, value: i64) -> &mut Self {
        self.head(id, kind);
        self.raw(&varint((value << 1 ^ value >> 63) as u64))
    }

    pub fn text(&mut self, id: i16, text: &str) -> &mut Self {
        self.head(id, BINARY);
        self.raw(&varint(text.len() as u64)).raw(text.as_bytes())
    }

    pub fn list(&mut self, id: i16, kind: u8, count: u64) -> &mut Self {
        self.head(id, LIST);
        self.raw(&[0xF0 | kind]).raw(&varint(count))
    }

    pub fn open(&mut self, id: i16) -> &mut Self {
        self.head(id, STRUCT);
        self.element()
    }

    /// Begins a struct in a list.
    pub fn element(&mut self) -> &mut Self {
        self.last.push(0);
        self
    }

    pub fn close(&mut self) -> &mut Self {
        self.last.pop();
        self.raw(&[0])
    }

    pub fn finish(&mut self) -> Vec<u8> {
        self.close();
        std::mem::take(&mut self.bytes)
    }
}

pub const DOUBLE: i64 = 5;
pub const BYTE_ARRAY: i64 = 6;
pub const FIXED: i64 = 7;

pub const PLAIN: i64 = 0;
pub const DELTA_LENGTH: i64 = 6;
pub const RLE_DICTIONARY: i64 = 8;

pub const NONE: i64 = 0;
pub const SNAPPY: i64 = 1;
pub const GZIP: i64 = 2;
pub const BROTLI: i64 = 4;
pub const ZSTD: i64 = 6;

/// A page: what its header claims, and what is in it.
pub struct Page {
    pub is_dictionary: bool,
    pub values: i64,
    pub encoding: i64,
    pub unpacked: i64,
    pub body: Vec<u8>,
    pub checksum: Option<i64>,
}

impl Page {
    pub fn data(values: i64, encoding: i64, body: Vec<u8>) -> Self {
        Self { is_dictionary: false, values, encoding, unpacked: body.len() as i64, body, checksum: None }
    }

    pub fn dictionary(values: i64, body: Vec<u8>) -> Self {
        Self { is_dictionary: true, ..Self::data(values, PLAIN, body) }
    }

    /// A page of `values` references to the first word of the dictionary.
    pub fn run(values: i64) -> Self {
        Self::data(values, RLE_DICTIONARY, [&[1][..], &varint(values as u64 * 2), &[0]].concat())
    }

    pub fn claiming(mut self, unpacked: i64) -> Self {
        self.unpacked = unpacked;
        self
    }

    pub fn packed(mut self, pack: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        self.body = pack(&self.body);
        self
    }

    pub fn with_checksum(mut self, checksum: u32) -> Self {
        self.checksum = Some(i64::from(checksum.cast_signed()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut header = Thrift::new();
        let kind = if self.is_dictionary { 2 } else { 0 };
        header.integer(1, I32, kind).integer(2, I32, self.unpacked).integer(3, I32, self.body.len() as i64);
        if let Some(checksum) = self.checksum {
            header.integer(4, I32, checksum);
        }
        header.open(if self.is_dictionary { 7 } else { 5 }).integer(1, I32, self.values).integer(
            2,
            I32,
            self.encoding,
        );
        if !self.is_dictionary {
            header.integer(3, I32, 3).integer(4, I32, 3);
        }
        header.close();
        [header.finish(), self.body.clone()].concat()
    }
}

/// A value of a text page.
pub fn text(value: &[u8]) -> Vec<u8> {
    [&(value.len() as u32).to_le_bytes()[..], value].concat()
}

/// A column of one chunk.
pub struct Column {
    pub name: &'static str,
    pub physical: i64,
    pub type_length: Option<i64>,
    pub codec: i64,
    pub pages: Vec<Page>,
    /// What the footer claims.
    pub unpacked: Option<i64>,
    pub offset: Option<i64>,
    pub values: Option<i64>,
    pub dictionary_offset: Option<i64>,
    /// The code of the converted type; if it is `None`, the code of text.
    pub converted: Option<i64>,
    /// The Thrift type of the integers about the chunk.
    pub integers: u8,
}

impl Column {
    pub fn new(name: &'static str, physical: i64, codec: i64, pages: Vec<Page>) -> Self {
        Self {
            name,
            physical,
            type_length: None,
            codec,
            pages,
            unpacked: None,
            offset: None,
            values: None,
            dictionary_offset: None,
            converted: None,
            integers: I64,
        }
    }

    /// A column that repeats one value, in pages of `page_rows` rows.
    pub fn constant(name: &'static str, physical: i64, value: Vec<u8>, pages: &[i64]) -> Self {
        let mut all = vec![Page::dictionary(1, value)];
        all.extend(pages.iter().map(|&values| Page::run(values)));
        Self::new(name, physical, NONE, all)
    }

    fn schema(&self, footer: &mut Thrift) {
        footer.element().integer(1, I32, self.physical);
        if let Some(length) = self.type_length {
            footer.integer(2, I32, length);
        }
        footer.integer(3, I32, 0).text(4, self.name);
        if self.physical == BYTE_ARRAY || self.converted.is_some() {
            footer.integer(6, I32, self.converted.unwrap_or(0));
        }
        footer.close();
    }
}

/// A file of these columns with `groups` row groups of `rows`, all of which are the same bytes.
pub fn forged(columns: &[Column], rows: i64, groups: i64) -> Vec<u8> {
    let mut file = b"PAR1".to_vec();
    let mut places = Vec::new();
    for column in columns {
        let start = file.len();
        column.pages.iter().for_each(|page| file.extend(page.bytes()));
        places.push((start as i64, (file.len() - start) as i64));
    }
    let mut footer = Thrift::new();
    footer.integer(1, I32, 1).list(2, STRUCT, columns.len() as u64 + 1);
    footer.element().text(4, "schema").integer(5, I32, columns.len() as i64).close();
    columns.iter().for_each(|column| column.schema(&mut footer));
    footer.integer(3, I64, rows.wrapping_mul(groups)).list(4, STRUCT, groups as u64);
    for _ in 0..groups {
        footer.element().list(1, STRUCT, columns.len() as u64);
        for (column, (start, length)) in columns.iter().zip(&places) {
            let sum: i64 = column.pages.iter().map(|page| page.unpacked).sum();
            let start = column.offset.unwrap_or(*start);
            footer.element().integer(2, I64, start).open(3);
            footer.integer(1, I32, column.physical).list(2, I32, 1).raw(&varint(0)).list(3, BINARY, 1);
            footer.raw(&varint(column.name.len() as u64)).raw(column.name.as_bytes());
            let kind = column.integers;
            footer.integer(4, I32, column.codec).integer(5, kind, column.values.unwrap_or(rows));
            footer
                .integer(6, kind, column.unpacked.unwrap_or(sum))
                .integer(7, kind, *length)
                .integer(9, kind, start);
            if let Some(offset) = column.dictionary_offset {
                footer.integer(11, kind, offset);
            }
            footer.close().close();
        }
        footer.integer(2, I64, 1).integer(3, I64, rows).close();
    }
    ended(file, footer.finish())
}

/// A file that ends with this footer.
pub fn ended(mut file: Vec<u8>, footer: Vec<u8>) -> Vec<u8> {
    file.extend(&footer);
    file.extend((footer.len() as u32).to_le_bytes());
    file.extend(b"PAR1");
    file
}
