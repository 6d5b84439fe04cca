//! Whether text looks Chinese.
//!
//! Almost any pair of bytes above 0x80 is a character of GB18030, so that text in Latin-1 or Big5 decodes as GB18030
//! without an error, into wrong characters. In Chinese text most characters are among a few hundred; in text decoded by
//! mistake hardly any is.

/// Frequent characters of Chinese texts and of the exports of power utilities.
const COMMON: &str = "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么\
心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与\
高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电第门相次东政海\
口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市总叫象数安报世场级表度系电费户号用量价额元单位抄日期\
客称类别状态居民商业农工大容压变器线路台区公司局所县镇村街有功峰谷平尖无功率因数欠缴费收款应实已未是否正常异常停送\
检查违约窃计划合约金额编码备注地址联系行业城乡供电测点表示数本期上期倍率合同账单发票时间年月日张王李赵刘陈杨黄周吴";

/// Number of characters after which counting stops.
const SEEN_MAX: u32 = 10_000;
/// Minimum number of characters for a share to mean anything.
const SHARE_FROM: u32 = 16;
/// Minimum share of common characters, in percent. Chinese texts have above 60, text decoded by mistake below 10.
const SHARE_PCT_MIN: u32 = 20;

/// Counts the characters beyond ASCII of a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CommonCharacters {
    seen: u32,
    common: u32,
    /// Whether there is any character beyond ASCII.
    beyond_ascii: bool,
}

impl CommonCharacters {
    /// Counts the characters of the next chunk of the text.
    pub(super) fn feed(&mut self, chunk: &[u8]) {
        if self.seen >= SEEN_MAX || chunk.is_ascii() {
            return;
        }
        self.beyond_ascii = true;
        for text in chunk.utf8_chunks() {
            for character in
                text.valid().chars().filter(|character| ('\u{3400}'..='\u{2FA1F}').contains(character))
            {
                if self.seen >= SEEN_MAX {
                    return;
                }
                self.seen += 1;
                self.common += u32::from(COMMON.contains(character));
            }
        }
    }

    /// Whether there are characters beyond ASCII.
    pub(super) fn are_present(self) -> bool {
        self.beyond_ascii
    }

    /// Whether the text looks Chinese.
    pub(super) fn look_chinese(self) -> bool {
        self.common > 0 && (self.seen < SHARE_FROM || self.common * 100 >= self.seen * SHARE_PCT_MIN)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, GB18030, WINDOWS_1252};

    use super::*;

    /// Whether bytes that are decoded as GB18030 look Chinese.
    fn looks_chinese(bytes: &[u8]) -> bool {
        let (text, _) = GB18030.decode_without_bom_handling(bytes);
        let mut common = CommonCharacters::default();
        common.feed(text.as_bytes());
        common.look_chinese()
    }

    #[test]
    fn chinese_is_known_by_its_common_characters_and_other_encodings_by_their_absence() {
        let chinese = "户号,用户名称,用电类别\n1,张伟,居民\n2,绍兴市第一人民医院,商业\n";
        assert!(looks_chinese(&GB18030.encode(chinese).0));
        assert!(looks_chinese(&GB18030.encode("1,正常\n").0));
        assert!(!looks_chinese(&WINDOWS_1252.encode("Straße,Größe,café\n").0));
        assert!(!looks_chinese(
            &BIG5.encode("戶號,用電類別,電費金額,應收日期,客戶名稱,供電電壓,臺北市信義區\n").0
        ));
    }
}
