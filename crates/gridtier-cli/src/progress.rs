//! A progress bar on stderr while rows are read or weights are drawn. It is shown only if stderr is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use gridtier::text::Lang;
use gridtier_io::folder::DataFolder;
use indicatif::{ProgressBar, ProgressStyle};

/// Minimum number of rows for which a bar is shown. Fewer rows are read so quickly that no bar is needed.
const ROWS_MIN: u64 = 500_000;

/// Makes a folder report the rows that it reads to a progress bar. Returns the folder and the bar; the caller must
/// end the bar.
pub fn watch(folder: DataFolder, lang: Lang) -> (DataFolder, ProgressBar) {
    let rows = folder.rows();
    if rows < ROWS_MIN || !std::io::stderr().is_terminal() {
        return (folder, ProgressBar::hidden());
    }
    let bar = ProgressBar::new(rows);
    let style = ProgressStyle::with_template(lang.pick(
        "{msg:>16} {wide_bar} {human_pos} of {human_len} rows, {eta} left",
        "{msg:>16} {wide_bar} {human_pos} 行，共 {human_len} 行，剩余 {eta}",
    ));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    let shown = bar.clone();
    let folder = folder.with_progress(Box::new(move |table, rows| {
        shown.set_message(lang.pick(table.name(), table.name_zh()));
        shown.inc(rows);
    }));
    (folder, bar)
}

/// Runs `work` and shows a progress bar of the steps that it reports.
pub fn steps<T>(lang: Lang, work: impl FnOnce(&(dyn Fn(&'static str, u64, u64) + Sync)) -> T) -> T {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template(lang.pick(
        "{msg:>16} {wide_bar} {human_pos} of {human_len}",
        "{msg:>16} {wide_bar} {human_pos}，共 {human_len}",
    ));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let done = work(&|what, done, all| {
        bar.set_message(what);
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    done
}
