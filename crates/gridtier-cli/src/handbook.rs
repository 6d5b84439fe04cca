//! `gridtier handbook`: the customer handbook as a page or as Markdown.

use gridtier::text;
use gridtier_io::handbook::{HandbookError, HandbookFormat, HandbookRequest, handbook, write_handbook};
use gridtier_io::store::Store;
use gridtier_service::handbook::Completeness;

use crate::args::HandbookArgs;
use crate::exit::{Done, Failure, METHOD, USAGE, note};
use crate::lang::Lang;

/// Runs `gridtier handbook`.
pub fn run(args: &HandbookArgs, lang: Lang) -> Result<Done, Failure> {
    let path = args.output.display();
    let Some(format) = HandbookFormat::of(&args.output).filter(|_| !args.output.is_dir()) else {
        let what = text!(
            "-o {path}: a handbook is one file; name a file .html or .md",
            "-o {path}：手册为一个文件；请指定 .html 或 .md 文件"
        );
        return Err(Failure::new(USAGE, what));
    };
    let stored = Store::open(&args.cycle.store)?.cycle(args.cycle.cycle)?;
    let completeness = if args.draft { Completeness::Draft } else { Completeness::Whole };
    let request = HandbookRequest { text: &args.text, policy: Some(&args.policy), completeness };
    let made = handbook(&stored, request)?;
    write_handbook(&args.output, format, &made.document, lang)?;
    if !made.in_one_language.is_empty() {
        let text = args.text.display();
        let lines: Vec<String> = made.in_one_language.iter().map(usize::to_string).collect();
        let lines = lines.join(", ");
        let said = text!(
            "{text}: in one language only, and shown so in both: lines {lines}",
            "{text}：仅有一种语言的文本，两种语言均按此显示：第 {lines} 行"
        );
        note(&said, lang);
    }
    if !made.to_confirm.is_empty() {
        let (ids, policy) = (made.to_confirm.join(", "), &args.policy);
        let said = text!(
            "before it is handed out, confirm what the policy {policy} remarks on: {ids}",
            "发放前，请核实服务标准 {policy} 中附有说明（remark）的条目：{ids}"
        );
        note(&said, lang);
    }
    note(&text!("{path}: ten parts and an annex", "{path}：十个部分和附录"), lang);
    Ok(Done { data: String::new() })
}

impl From<HandbookError> for Failure {
    fn from(error: HandbookError) -> Self {
        match error {
            HandbookError::Text(faults) => faults.into(),
            HandbookError::TextFile(what) => Self::new(METHOD, what),
            HandbookError::Policy(error) => error.into(),
            HandbookError::Cycle(error) => error.into(),
        }
    }
}
