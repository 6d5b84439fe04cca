//! The repository checks itself: modules use each other in one direction, files stay short, documentation is true.
//!
//! Sources are parsed, and items under `#[cfg(test)]` are left out one by one: a test may use anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens as _;
use syn::visit::Visit;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The packages of the workspace.
fn packages() -> Vec<String> {
    let folders = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|folder| folder.path().join("Cargo.toml").exists());
    let names: Vec<String> = folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    assert!(names.len() > 3, "{names:?}");
    names
}

/// A module's path within its crate: empty for the crate's root.
type ModulePath = Vec<String>;

/// The modules of one crate that are not tests.
#[derive(Default)]
struct Crate {
    /// By path: the names of the child modules, in the order of their declaration.
    children: BTreeMap<ModulePath, Vec<String>>,
    /// By path: what the module's own items name.
    used: BTreeMap<ModulePath, BTreeSet<ModulePath>>,
    /// By path: lines of code.
    lines: BTreeMap<ModulePath, usize>,
    /// By path: source of the items that are not tests.
    text: BTreeMap<ModulePath, String>,
}

impl Crate {
    /// Parses a crate from its root file.
    fn parse(package: &str) -> Self {
        let source = root().join("crates").join(package).join("src");
        let file = [source.join("lib.rs"), source.join("main.rs")].into_iter().find(|file| file.exists());
        let mut parsed = Self::default();
        parsed.add_file(&file.unwrap(), &source, ModulePath::new());
        parsed
    }

    fn add_file(&mut self, file: &Path, folder: &Path, path: ModulePath) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add_items(parsed.items, folder, &path);
    }

    /// Adds a module's items; its child modules lie in `folder`.
    fn add_items(&mut self, items: Vec<syn::Item>, folder: &Path, path: &ModulePath) {
        let mut children = Vec::new();
        let mut paths = UsedPaths { module: path, found: BTreeSet::new() };
        let (mut lines, mut source) = (0, String::new());
        for item in items.into_iter().filter(|item| !is_test(attributes(item))) {
            let syn::Item::Mod(module) = item else {
                paths.visit_item(&item);
                source.push_str(&item.to_token_stream().to_string());
                lines += code_lines(&item);
                continue;
            };
            let name = module.ident.to_string();
            let mut child = path.clone();
            child.push(name.clone());
            let inner = folder.join(&name);
            match module.content {
                Some((_, items)) => self.add_items(items, &inner, &child),
                None => {
                    let beside = folder.join(format!("{name}.rs"));
                    let file = if beside.exists() { beside } else { inner.join("mod.rs") };
                    self.add_file(&file, &inner, child);
                }
            }
            children.push(name);
        }
        self.used.insert(path.clone(), paths.found);
        self.children.insert(path.clone(), children);
        self.lines.insert(path.clone(), lines);
        self.text.insert(path.clone(), source);
    }

    /// The module that a path leads into: its longest prefix that is a module.
    fn module_of(&self, path: &[String]) -> ModulePath {
        let length = (0..=path.len()).rev().find(|length| self.children.contains_key(&path[..*length]));
        path[..length.unwrap_or(0)].to_vec()
    }

    /// By module: the other modules that it uses, except those above and below it in the tree of modules.
    fn uses(&self) -> BTreeMap<&ModulePath, BTreeSet<ModulePath>> {
        let mut uses = BTreeMap::new();
        for (module, paths) in &self.used {
            let others = paths.iter().map(|path| self.module_of(path));
            let others = others.filter(|other| !other.starts_with(module) && !module.starts_with(other));
            uses.insert(module, others.collect());
        }
        uses
    }
}

/// Collects the paths that begin with `crate`, `self` or `super`, from the crate's root.
struct UsedPaths<'a> {
    module: &'a ModulePath,
    found: BTreeSet<ModulePath>,
}

impl UsedPaths<'_> {
    fn add(&mut self, segments: &[String]) {
        let mut base = match segments.first().map(String::as_str) {
            Some("crate") => ModulePath::new(),
            Some("self" | "super") => self.module.clone(),
            _ => return,
        };
        for segment in segments {
            match segment.as_str() {
                "crate" | "self" => {}
                "super" => drop(base.pop()),
                _ => base.push(segment.clone()),
            }
        }
        self.found.insert(base);
    }

    fn add_tree(&mut self, prefix: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.add_tree(prefix, &path.tree);
                prefix.pop();
            }
            syn::UseTree::Name(name) => self.add_leaf(prefix, name.ident.to_string()),
            syn::UseTree::Rename(rename) => self.add_leaf(prefix, rename.ident.to_string()),
            syn::UseTree::Glob(_) => self.add(prefix),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_tree(prefix, tree));
            }
        }
    }

    fn add_leaf(&mut self, prefix: &mut Vec<String>, name: String) {
        prefix.push(name);
        self.add(prefix);
        prefix.pop();
    }
}

impl<'ast> Visit<'ast> for UsedPaths<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&segments);
        syn::visit::visit_path(self, path);
    }

    /// A macro call has no syntax tree: paths are sought in its tokens, except in documentation and other literals.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let text = without_literals(call.tokens.clone());
        for (start, _) in text.match_indices("crate::") {
            let path = text[start..].split(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).next();
            let segments: Vec<String> = path.unwrap_or_default().split("::").map(str::to_owned).collect();
            self.add(&segments);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}
}

fn without_literals(tokens: proc_macro2::TokenStream) -> String {
    tokens.into_iter().fold(String::new(), |text, token| match token {
        proc_macro2::TokenTree::Literal(_) => text + " ",
        proc_macro2::TokenTree::Group(group) => text + " " + &without_literals(group.stream()) + " ",
        proc_macro2::TokenTree::Punct(sign) => text + &sign.to_string(),
        proc_macro2::TokenTree::Ident(name) => text + &name.to_string(),
    })
}

/// Whether an item is compiled for tests only.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.to_token_stream().to_string().replace(' ', "");
        text == "#[cfg(test)]" || text == "#[test]"
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Lines of an item that hold tokens.
fn code_lines(item: &syn::Item) -> usize {
    fn add(tokens: proc_macro2::TokenStream, lines: &mut BTreeSet<usize>) {
        for token in tokens {
            let span = token.span();
            lines.extend([span.start().line, span.end().line]);
            if let proc_macro2::TokenTree::Group(group) = token {
                add(group.stream(), lines);
            }
        }
    }
    let mut lines = BTreeSet::new();
    add(item.to_token_stream(), &mut lines);
    lines.len()
}

/// The modules that can be reached from `start` by one use or more.
fn reachable(uses: &BTreeMap<&ModulePath, BTreeSet<ModulePath>>, start: &ModulePath) -> BTreeSet<ModulePath> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![start.clone()]);
    while let Some(module) = open.pop() {
        for used in uses.get(&module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                open.push(used.clone());
            }
        }
    }
    reached
}

#[test]
fn a_module_uses_only_those_above_it() {
    let mut wrong = Vec::new();
    for package in packages() {
        let parsed = Crate::parse(&package);
        for (module, used) in parsed.uses() {
            for other in used {
                let common = module.iter().zip(&other).take_while(|(a, b)| a == b).count();
                let siblings = &parsed.children[&module[..common]];
                let [own, used] =
                    [module, &other].map(|path| siblings.iter().position(|name| *name == path[common]));
                if used >= own {
                    wrong.push(format!("{package}: {} uses {}", module.join("::"), other.join("::")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "declared below the module that uses them:\n{}", wrong.join("\n"));
}

#[test]
fn no_two_modules_use_each_other() {
    for package in packages() {
        let parsed = Crate::parse(&package);
        assert!(parsed.children[&ModulePath::new()].len() > 3, "{package}");
        let uses = parsed.uses();
        let in_circles: Vec<String> = uses
            .keys()
            .filter(|module| reachable(&uses, module).contains(**module))
            .map(|module| module.join("::"))
            .collect();
        assert!(in_circles.is_empty(), "{package}: these modules use each other: {}", in_circles.join(", "));
    }
}

#[test]
fn the_engine_opens_no_file_reads_no_clock_and_prints_nothing() {
    for (module, text) in Crate::parse("gridtier").text {
        let text = text.replace(' ', "");
        for forbidden in ["std::fs", "std::env", "SystemTime", "Instant::now", "println!", "File::open"] {
            assert!(!text.contains(forbidden), "{} has {forbidden}", module.join("::"));
        }
    }
}

#[test]
fn renderers_open_no_file() {
    for (module, text) in Crate::parse("gridtier-report").text {
        let text = text.replace(' ', "");
        for forbidden in ["std::fs", "File::open", "File::create"] {
            assert!(!text.contains(forbidden), "{} has {forbidden}", module.join("::"));
        }
    }
}

#[test]
fn files_stay_short_enough_to_be_read() {
    for package in packages() {
        for (module, lines) in Crate::parse(&package).lines {
            assert!(lines <= 500, "{package}: {} has {lines} lines of code", module.join("::"));
        }
    }
}

/// Finds messages that a Chinese reader would get in English.
#[derive(Default)]
struct Untranslated {
    /// Messages seen.
    messages: usize,
    faults: Vec<String>,
}

impl Untranslated {
    /// A message in both languages.
    fn pair(&mut self, en: &str, zh: &str) {
        self.messages += 1;
        if needs_translation(en) && !is_chinese(zh) {
            self.faults.push(format!("no Chinese in {zh:?}"));
        }
        if is_chinese(en) {
            self.faults.push(format!("Chinese in the English text {en:?}"));
        }
    }

    /// A text that is said to be the same in both languages.
    fn same(&mut self, text: &str) {
        // A command is typed as it is.
        if !text.starts_with("gridtier ")
            && text.split(' ').filter(|word| needs_translation(word)).count() > 1
        {
            self.faults.push(format!("a sentence that is not translated: {text:?}"));
        }
    }

    fn parse_macro(&mut self, call: &syn::Macro) {
        let name = call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if name == "text" {
            let mut texts =
                call.tokens.clone().into_iter().filter_map(|token| {
                    syn::parse2::<syn::LitStr>(proc_macro2::TokenStream::from(token)).ok()
                });
            if let (Some(en), Some(zh)) = (texts.next(), texts.next()) {
                self.pair(&en.value(), &zh.value());
            }
        }
        // The values of a macro may hold messages too.
        let values = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if let Ok(values) = call.parse_body_with(values) {
            values.iter().for_each(|value| self.visit_expr(value));
        }
    }
}

impl<'ast> Visit<'ast> for Untranslated {
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.parse_macro(call);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let function = call.func.to_token_stream().to_string().replace(' ', "");
        let texts: Vec<String> = call.args.iter().filter_map(literal).collect();
        match (function.rsplit_once("Text::").map(|(_, name)| name), texts.as_slice()) {
            (Some("new"), [en, zh]) | (Some("coded"), [_, en, zh]) => self.pair(en, zh),
            (Some("same"), [text]) => self.same(text),
            _ => {}
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let texts: Vec<String> = call.args.iter().filter_map(literal).collect();
        if let ("pick", [en, zh]) = (call.method.to_string().as_str(), texts.as_slice()) {
            self.pair(en, zh);
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

/// The text of a literal, as it is or formatted.
fn literal(expression: &syn::Expr) -> Option<String> {
    match expression {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        syn::Expr::MethodCall(call) => literal(&call.receiver),
        syn::Expr::Reference(reference) => literal(&reference.expr),
        syn::Expr::Macro(call) if call.mac.path.is_ident("format") => {
            let first = call.mac.tokens.clone().into_iter().next()?;
            syn::parse2::<syn::LitStr>(first.into()).ok().map(|text| text.value())
        }
        _ => None,
    }
}

fn is_chinese(text: &str) -> bool {
    text.contains(|c: char| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// Whether a text has words to translate: a word of three small letters outside of braces, backticks and quotes. Units,
/// codes and abbreviations are shorter, or written in capitals.
fn needs_translation(text: &str) -> bool {
    let mut code = None;
    let mut words = String::new();
    for c in text.chars() {
        match (code, c) {
            (Some(end), _) if c == end => code = None,
            (Some(_), _) => {}
            (None, '{') => code = Some('}'),
            (None, '`' | '"') => code = Some(c),
            (None, _) => words.push(c),
        }
    }
    let is_word = |word: &str| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.' && c != '-').any(is_word)
}

#[test]
fn every_message_is_in_both_languages() {
    let mut found = Untranslated::default();
    for package in packages() {
        for (module, text) in Crate::parse(&package).text {
            let before = found.faults.len();
            found.visit_file(&syn::parse_file(&text).unwrap());
            found.faults[before..]
                .iter_mut()
                .for_each(|fault| *fault += &format!(" ({package}: {module:?})"));
        }
    }
    assert!(found.messages > 500, "{} messages were found", found.messages);
    assert!(found.faults.is_empty(), "{}:\n{}", found.faults.len(), found.faults.join("\n"));
}

#[test]
fn a_message_without_its_translation_is_found() {
    let faults = |code: &str| {
        let mut found = Untranslated::default();
        found.visit_file(&syn::parse_file(&format!("fn f() {{ {code} }}")).unwrap());
        found.faults.len()
    };
    assert_eq!(faults(r#"text!("{rows} rows", "{rows} 行");"#), 0);
    assert_eq!(faults(r#"text!("{rows} rows", "{rows} rows");"#), 1);
    assert_eq!(faults(r#"vec![text!("no rows", "none")];"#), 1);
    assert_eq!(faults(r#"text!("{first}, {second}", "{first}，{second}");"#), 0);
    assert_eq!(faults(r#"Text::same("customer_id");"#), 0);
    assert_eq!(faults(r#"Text::same(format!("{rows} rows are wrong"));"#), 1);
    assert_eq!(faults(r#"lang.pick("to do", "to do it");"#), 0, "no word is long enough");
    assert_eq!(faults(r#"lang.pick("what to do", "what");"#), 1);
    assert_eq!(faults(r#"Text::new("行数", "行数");"#), 1);
}
