//! Help in one language.
//!
//! A documentation comment has the English text, an empty line and the Chinese text, so that each translation is next to
//! its original. [`chinese`] translates the words that clap itself writes.

use clap::Command;

use crate::lang::Lang;

/// The command with its help in one language.
pub fn in_lang(command: Command, lang: Lang) -> Command {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let after = command.get_after_help().map(ToString::to_string);
    let mut command = command.long_about(None::<&'static str>);
    if let Some(about) = about {
        command = command.about(part(&about, lang).to_owned());
    }
    if let Some(after) = after {
        command = command.after_help(part(&after, lang).to_owned());
    }
    command
        .mut_args(|arg| {
            let Some(help) = arg.get_long_help().or(arg.get_help()).map(ToString::to_string) else {
                return arg;
            };
            arg.help(in_lines(part(&help, lang))).long_help(None::<&'static str>)
        })
        .mut_subcommands(|inner| in_lang(inner, lang))
}

/// The part of a text in one language; the English part if there is no Chinese one.
fn part(text: &str, lang: Lang) -> &str {
    let (en, zh) = text.split_once("\n\n").unwrap_or((text, text));
    lang.pick(en, zh)
}

/// Maximum width of a line of Chinese. Next to the longest argument, a line of this width ends before column 100.
const LINE_COLUMNS: usize = 62;

/// Breaks long lines of Chinese. clap breaks lines only at spaces, which Chinese does not have.
fn in_lines(text: &str) -> String {
    let (mut lines, mut start, mut columns, mut last_break) = (String::new(), 0, 0, None);
    for (at, c) in text.char_indices() {
        columns += if c.is_ascii() { 1 } else { 2 };
        if columns > LINE_COLUMNS
            && let Some(end) = last_break.take()
        {
            lines += text[start..end].trim_end();
            lines.push('\n');
            columns = text[end..at].chars().chain([c]).map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            start = end;
        }
        if "，；、。：".contains(c) {
            last_break = Some(at + c.len_utf8());
        }
    }
    lines + &text[start..]
}

/// Words that clap itself writes, and their Chinese.
const LABELS: [(&str, &str); 11] = [
    ("Usage: ", "用法："),
    ("Commands:", "命令："),
    ("Arguments:", "参数："),
    ("Options:", "选项："),
    ("[default: ", "[默认："),
    ("[possible values: ", "[可选值："),
    ("Print this message or the help of the given subcommand(s)", "显示本帮助或所给子命令的帮助"),
    ("Print help", "显示帮助"),
    ("Print version", "显示版本"),
    ("[OPTIONS]", "[选项]"),
    ("<COMMAND>", "<命令>"),
];

/// Help with clap's own words in Chinese.
pub fn chinese(help: &str) -> String {
    let help = LABELS.iter().fold(help.to_owned(), |help, (en, zh)| help.replace(en, zh));
    help.replace("[COMMAND]", "[命令]")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    /// Collects every text of a command and its subcommands, with the command or argument that the text belongs to.
    fn texts(command: &Command, path: &str, found: &mut Vec<(String, String)>) {
        let path = format!("{path} {}", command.get_name());
        let about = command.get_long_about().or(command.get_about());
        found.push((path.clone(), about.map(ToString::to_string).unwrap_or_default()));
        if let Some(after) = command.get_after_help() {
            found.push((format!("{path}, after help"), after.to_string()));
        }
        for arg in command.get_arguments() {
            let help = arg.get_long_help().or(arg.get_help());
            found.push((
                format!("{path} {}", arg.get_id()),
                help.map(ToString::to_string).unwrap_or_default(),
            ));
        }
        command.get_subcommands().for_each(|inner| texts(inner, &path, found));
    }

    fn is_chinese(c: char) -> bool {
        ('\u{4e00}'..='\u{9fff}').contains(&c)
    }

    #[test]
    fn every_command_and_argument_has_its_help_in_both_languages() {
        let mut found = Vec::new();
        texts(&Cli::command(), "", &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for (path, text) in found {
            let (en, zh) = text.split_once("\n\n").unwrap_or((&text, ""));
            assert!(!en.is_empty() && !en.contains(is_chinese), "{path} lacks English help: {text:?}");
            assert!(zh.contains(is_chinese), "{path} lacks Chinese help: {text:?}");
            assert!(!zh.contains("\n\n"), "{path} has more than two languages: {text:?}");
        }
    }

    #[test]
    fn chinese_help_has_no_english_sentence() {
        fn check(command: &mut Command) {
            let help = chinese(&command.render_long_help().to_string());
            // Three English words in a row are a sentence; ids, codes and examples are shorter. Values that an argument
            // may have are codes.
            let lines = help.lines().filter(|line| !line.starts_with("用法："));
            for line in lines.filter(|line| !line.trim_start().starts_with("[可选值：")) {
                let words = line.split(' ').map(|word| {
                    !word.is_empty()
                        && word.bytes().all(|byte| byte.is_ascii_lowercase() || b",;.'".contains(&byte))
                });
                let in_a_row = words.fold((0, 0), |(most, run), is_word| {
                    let run = if is_word { run + 1 } else { 0 };
                    (most.max(run), run)
                });
                assert!(in_a_row.0 < 3, "{line}");
            }
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = in_lang(Cli::command(), Lang::Zh);
        command.build();
        check(&mut command);
    }

    #[test]
    fn long_chinese_lines_are_broken_after_signs_and_english_ones_are_left_to_clap() {
        let clause = "一二三四五六七八九十一二三四五六七八九十，";
        assert_eq!(in_lines(&clause.repeat(2)), format!("{clause}\n{clause}"));
        assert_eq!(in_lines(clause), clause);
        let english = "word ".repeat(30);
        assert_eq!(in_lines(&english), english);
    }

    #[test]
    fn english_help_has_no_chinese_character() {
        fn check(command: &mut Command) {
            let help = command.render_long_help().to_string();
            assert!(!help.contains(is_chinese), "{help}");
            command.get_subcommands_mut().for_each(check);
        }
        let mut command = in_lang(Cli::command(), Lang::En);
        command.build();
        check(&mut command);
    }
}
