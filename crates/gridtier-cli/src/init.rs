//! `gridtier init`: drafts the `gridtier.toml` of a folder.

use std::path::Path;

use gridtier_io::config::FILE_NAME;
use gridtier_io::init;

use crate::args::InitArgs;
use crate::exit::{Done, Failure};
use crate::lang::Lang;
use crate::template;

/// Runs `gridtier init`.
pub fn run(args: &InitArgs, lang: Lang) -> Result<Done, Failure> {
    let draft = init::draft(&args.data, lang)?;
    let file = args.output.clone().unwrap_or_else(|| args.data.join(FILE_NAME));
    if file == Path::new("-") {
        return Ok(Done { data: draft.text });
    }
    template::create(&file, &draft.text)?;
    let (file, count, next) = (file.display(), draft.to_decide, draft.next);
    let en = format!("{file}\n{count} lines to decide; then: {next}\n");
    let zh = format!("{file}\n有 {count} 行待确认；之后运行：{next}\n");
    Ok(Done { data: lang.pick(&en, &zh).to_owned() })
}
