//! Man pages and the command reference, from the same tree of commands as the help.

use clap::Command;
use clap_mangen::Man;
use model::Fault;

use super::args;
use super::exit::Exit;

/// Every man page: file name and roff text.
///
/// # Errors
/// `internal` when a page cannot be rendered, which would be a bug.
pub(crate) fn man() -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut tree = args::tree();
    tree.build();
    let mut pages = vec![(String::from("probity.1"), render(tree.clone().after_help(""), true)?)];
    for command in tree.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("probity-{}", command.get_name());
        let page = command.clone().display_name(&name).name(name.clone());
        pages.push((format!("{name}.1"), render(page, false)?));
    }
    Ok(pages)
}

fn render(command: Command, with_exits: bool) -> Result<Vec<u8>, Fault> {
    let bug = |error: std::io::Error| Fault::internal("internal", format!("A man page did not render: {error}"));
    // The date is left out: the same sources give the same page.
    let command = command.version(env!("CARGO_PKG_VERSION")).disable_help_flag(true);
    let mut page = Vec::new();
    Man::new(command).date("").manual("probity manual").source("probity").render(&mut page).map_err(bug)?;
    if with_exits {
        page.extend_from_slice(b".SH \"EXIT STATUS\"\n");
        for exit in Exit::ALL {
            let row = format!(".TP\n\\fB{}\\fR {}\n{}\n", exit.code(), exit.name(), exit.meaning().replace('-', "\\-"));
            page.extend_from_slice(row.as_bytes());
        }
    }
    Ok(page)
}

/// The whole command reference as Markdown.
pub(crate) fn reference() -> String {
    let mut tree = args::tree();
    tree.build();
    let mut text =
        String::from("# probity: command reference\n\nPrinted by `probity util reference`.\n\n## Exit codes\n\n");
    text.push_str("| code | name | meaning |\n|---|---|---|\n");
    for exit in Exit::ALL {
        text.push_str(&format!("| {} | {} | {} |\n", exit.code(), exit.name(), exit.meaning()));
    }
    for command in tree.get_subcommands_mut().filter(|command| !command.is_hide_set()) {
        section(command, "probity", 2, &mut text);
    }
    text
}

fn section(command: &mut Command, path: &str, level: usize, text: &mut String) {
    let path = format!("{path} {}", command.get_name());
    let help = command.clone().bin_name(&path).render_long_help();
    text.push_str(&format!("\n{} {path}\n\n```text\n{}\n```\n", "#".repeat(level), help.to_string().trim_end()));
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs: Vec<String> = shown.map(|verb| verb.get_name().to_owned()).collect();
    for name in verbs {
        if let Some(verb) = command.find_subcommand_mut(&name) {
            section(verb, &path, level + 1, text);
        }
    }
}
