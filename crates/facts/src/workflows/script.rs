//! What the commands of a step do, as far as their words tell.

use super::act;
use super::job::Duties;

/// Lines as the shell sees them: those that end in `\` continued.
fn lines(script: &str) -> Vec<String> {
    script.replace("\\\r\n", " ").replace("\\\n", " ").lines().map(|line| line.trim().to_owned()).collect()
}

/// The commands of a line, comments left out.
fn commands(line: &str) -> impl Iterator<Item = &str> {
    let code = if line.starts_with('#') { "" } else { line };
    code.split("&&").flat_map(|part| part.split("||")).flat_map(|part| part.split(';')).map(str::trim)
}

const TESTS: &[&str] = &[
    "cargo test",
    "cargo nextest",
    "npm test",
    "npm t",
    "npm run test",
    "yarn test",
    "pnpm test",
    "npx jest",
    "npx vitest",
    "npx playwright test",
    "pytest",
    "python -m pytest",
    "python -m unittest",
    "tox",
    "nox",
    "go test",
    "mvn test",
    "mvn verify",
    "./mvnw test",
    "./mvnw verify",
    "gradle test",
    "./gradlew test",
    "./gradlew check",
    "make test",
    "make check",
    "ctest",
    "dotnet test",
    "bundle exec rspec",
    "rspec",
    "phpunit",
    "vendor/bin/phpunit",
    "mix test",
    "bazel test",
    "swift test",
    "just test",
];

const SCANS: &[&str] = &[
    "trivy ",
    "grype ",
    "snyk test",
    "semgrep ",
    "cargo audit",
    "cargo deny",
    "npm audit",
    "yarn audit",
    "pnpm audit",
    "pip-audit",
    "osv-scanner",
    "govulncheck",
    "bandit ",
    "gitleaks ",
    "trufflehog ",
    "checkov ",
    "tfsec ",
    "docker scout",
];

const SIGNS: &[&str] = &[
    "cosign sign",
    "cosign attest",
    "notation sign",
    "gpg --detach-sign",
    "gpg --sign",
    "gpg --clearsign",
    "minisign -s",
    "ssh-keygen -y sign",
    "signtool sign",
    "codesign ",
    "jarsigner ",
    "gh attestation",
];

const PUBLISHES: &[&str] = &[
    "docker push",
    "docker buildx build --push",
    "podman push",
    "npm publish",
    "yarn publish",
    "pnpm publish",
    "cargo publish",
    "twine upload",
    "gh release create",
    "gh release upload",
    "helm push",
    "gem push",
    "mvn deploy",
    "dotnet nuget push",
];

const DEPLOYS: &[&str] = &[
    "kubectl apply",
    "kubectl set image",
    "kubectl rollout",
    "helm upgrade",
    "helm install",
    "terraform apply",
    "tofu apply",
    "pulumi up",
    "aws ecs update-service",
    "aws lambda update-function-code",
    "gcloud run deploy",
    "gcloud app deploy",
    "az webapp",
    "flyctl deploy",
    "fly deploy",
    "serverless deploy",
    "sls deploy",
    "ansible-playbook",
    "nomad job run",
    "cdk deploy",
    "argocd app sync",
];

/// What the script is for.
pub(super) fn duties(script: &str) -> Duties {
    let lines: Vec<String> = lines(script).iter().map(|line| line.to_ascii_lowercase()).collect();
    let is = |list: &[&str]| lines.iter().flat_map(|line| commands(line)).any(|command| begins(command, list));
    Duties { tests: is(TESTS), scans: is(SCANS), signs: is(SIGNS), publishes: is(PUBLISHES), deploys: is(DEPLOYS) }
}

/// Whether the command begins with one of the words, `sudo` and variables before it left out.
fn begins(command: &str, list: &[&str]) -> bool {
    let is_before = |word: &str| ["sudo", "time", "exec", "env"].contains(&word) || word.contains('=');
    let mut rest = command;
    while let Some((_, after)) = rest.split_once(' ').filter(|(word, _)| is_before(word)) {
        rest = after.trim_start();
    }
    list.iter().any(|one| {
        rest.strip_prefix(one)
            .is_some_and(|after| one.ends_with(' ') || after.is_empty() || after.starts_with([' ', ':', '\t']))
    })
}

/// Whether it fetches the head of a pull request.
pub(super) fn fetches_stranger(script: &str) -> bool {
    let fetches = |command: &str| {
        command.starts_with("gh pr checkout")
            || (command.starts_with("git fetch") || command.starts_with("git pull") || command.starts_with("git clone"))
                && (act::is_strangers(command) || command.contains("pull/"))
    };
    lines(script).iter().flat_map(|line| commands(line)).any(fetches)
}

/// Names of secrets that a command of the script prints: `${{ secrets.KEY }}`, or a variable that holds one.
pub(super) fn printed_secrets(script: &str, variables: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines(script) {
        for command in commands(&line).filter(|command| prints(command)) {
            found.extend(secrets(command).map(str::to_owned));
            found.extend(variables.iter().filter(|name| uses(command, name)).map(|name| (*name).to_owned()));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What passes on what it is given: a pipe that ends in it still prints.
const PASSES_ON: [&str; 13] =
    ["base64", "rev", "sed", "cat", "tee", "xxd", "od", "tr", "fold", "head", "tail", "cut", "hexdump"];

/// Whether the command's output goes to the log: it prints, and is neither sent into a file nor into another program.
fn prints(command: &str) -> bool {
    let prints = ["echo ", "printf ", "print ", "Write-Output ", "Write-Host ", "cat <<<"];
    let (first, last) = (command.split('|').next().unwrap_or_default(), command.rsplit('|').next().unwrap_or_default());
    let to_file = last.contains('>') && !["/dev/stdout", "/dev/stderr", ">&"].iter().any(|end| last.contains(end));
    let piped = command.contains('|');
    let word = last.split_whitespace().next().unwrap_or_default();
    prints.iter().any(|word| first.trim_start().starts_with(word)) && !to_file && (!piped || PASSES_ON.contains(&word))
}

/// The names after `secrets.` in expressions.
fn secrets(command: &str) -> impl Iterator<Item = &str> {
    command.match_indices("secrets.").map(|(at, word)| {
        let rest = &command[at + word.len()..];
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').next().unwrap_or_default()
    })
}

/// `$NAME`, `${NAME…}`, `$env:NAME`
fn uses(command: &str, name: &str) -> bool {
    [format!("${name}"), format!("${{{name}"), format!("$env:{name}"), format!("env.{name}")].iter().any(|form| {
        command
            .match_indices(form.as_str())
            .any(|(at, _)| !command[at + form.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}

/// Ends of expressions whose text a stranger chooses (GitHub Docs, «Script injections»).
const CHOSEN: [&str; 9] = [
    ".title",
    ".body",
    ".head.ref",
    ".head.label",
    ".head.repo.default_branch",
    ".message",
    ".author.email",
    ".author.name",
    ".page_name",
];

/// What holds such texts: all of it goes into a script with `toJSON`.
const HOLDERS: [&str; 10] = [
    "github",
    "github.event",
    "github.event.issue",
    "github.event.pull_request",
    "github.event.comment",
    "github.event.review",
    "github.event.discussion",
    "github.event.head_commit",
    "github.event.commits",
    "github.event.pages",
];

/// Expressions in the script whose text a stranger chooses: it becomes part of the commands before they run. `variables` hold such
/// texts, by their names, and are read again as expressions (`env.NAME`).
pub(super) fn untrusted<'s>(script: &'s str, variables: &[&str]) -> Vec<&'s str> {
    expressions(script).filter(|text| is_chosen(text, variables)).collect()
}

/// Whether a text with expressions in it holds what a stranger chooses.
pub(super) fn holds_chosen(text: &str) -> bool {
    expressions(text).any(|text| is_chosen(text, &[]))
}

fn expressions(text: &str) -> impl Iterator<Item = &str> {
    text.split("${{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

fn is_chosen(expression: &str, variables: &[&str]) -> bool {
    let plain = plain(expression);
    let whole = plain.contains("tojson(");
    plain.split(|c: char| c.is_whitespace() || "(),!=|&<>".contains(c)).any(|word| {
        word == "github.head_ref"
            || word.starts_with("github.event.") && CHOSEN.iter().any(|end| word.ends_with(end))
            || whole && HOLDERS.contains(&word)
            || word.strip_prefix("env.").is_some_and(|name| variables.iter().any(|one| one.eq_ignore_ascii_case(name)))
    })
}

/// Names of contexts are read in any case, and `x['y']` is `x.y` (GitHub Docs, «Contexts»).
fn plain(expression: &str) -> String {
    let lower: String = expression.to_ascii_lowercase();
    lower.replace("[ ", "[").replace(" ]", "]").replace("['", ".").replace("']", "")
}
