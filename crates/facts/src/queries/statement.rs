//! One statement, read.

use std::borrow::Cow;
use std::ops::ControlFlow;

use sqlparser::ast::{
    AssignmentTarget, CopySource, Delete, Expr, FromTable, FunctionArg, FunctionArgExpr, Insert, JoinConstraint, Merge,
    OnConflictAction, OnInsert, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, Statement, TableFactor,
    TableObject, Update, Visit, Visitor,
};
use sqlparser::dialect::{self, MySqlDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::scope::{Edge, Scopes, folded, parts};
use super::{Dialect, Knows, Reach, Touch};

/// Bytes of a statement.
const LENGTH_MAX: usize = 256 << 10;
/// Operators of a statement: a chain of them becomes as many nodes within each other.
const OPERATORS_MAX: usize = 2_000;
/// Brackets within brackets: the parser tries some of them twice, each time with all that is in them.
const DEPTH_MAX: usize = 16;

/// What never reaches a row by itself: sessions, transactions, definitions, upkeep.
const BESIDE: &[&str] = &[
    "abort",
    "alter",
    "analyze",
    "begin",
    "cluster",
    "close",
    "checkpoint",
    "comment",
    "commit",
    "deallocate",
    "discard",
    "drop",
    "end",
    "fetch",
    "flush",
    "grant",
    "kill",
    "listen",
    "lock",
    "move",
    "notify",
    "optimize",
    "reassign",
    "reindex",
    "release",
    "repair",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "set",
    "show",
    "start",
    "unlisten",
    "unlock",
    "use",
    "vacuum",
    "xa",
];

/// The tables that a statement of SQL is about. Nothing of what was asked stands in the answer but names.
pub fn touches(dialect: Dialect, text: &str, knows: &Knows<'_>) -> Reach {
    let text = text.trim();
    let first = first_word(text);
    let is_definition = first == "create" && !text.to_ascii_lowercase().contains("select");
    if first.is_empty() || is_definition || BESIDE.contains(&first.as_str()) {
        return Reach::Tables(vec![]);
    }
    if ["call", "do", "execute", "refresh"].contains(&first.as_str()) {
        return Reach::Unread("what runs within the server is not seen".to_owned());
    }
    if text.len() > LENGTH_MAX {
        return Reach::Unread(format!("it is longer than {LENGTH_MAX} bytes"));
    }
    // The short form of PostgreSQL that the parser has only within other queries.
    let long = (first == "table").then(|| text.to_ascii_lowercase().find("table")).flatten();
    let text = long.map_or(Cow::Borrowed(text), |at| Cow::Owned(format!("SELECT * FROM {}", &text[at + 5..])));
    let text = text.as_ref();
    let written: &dyn dialect::Dialect = match dialect {
        Dialect::PostgreSql => &PostgreSqlDialect {},
        Dialect::MariaDb => &MySqlDialect {},
    };
    // What a parser says of a text may hold parts of it, and those may be personal.
    let unread = || Reach::Unread("it is no SQL that is known here, or was cut off".to_owned());
    let Ok(tokens) = Tokenizer::new(written, text).tokenize_with_location() else { return unread() };
    if tokens.iter().filter(|token| is_operator(&token.token)).count() > OPERATORS_MAX {
        return Reach::Unread(format!("it has more than {OPERATORS_MAX} operators"));
    }
    if depth(&tokens) > DEPTH_MAX {
        return Reach::Unread(format!("its brackets are nested deeper than {DEPTH_MAX}"));
    }
    let Ok(statements) = Parser::new(written).with_tokens_with_locations(plainer(tokens)).parse_statements() else {
        return unread();
    };
    let mut walk = Walk { scopes: Scopes::new(knows), sealed: Vec::new() };
    let _ = statements.visit(&mut walk);
    Reach::Tables(walk.scopes.finish())
}

fn first_word(text: &str) -> String {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == ';');
        rest = match (rest.strip_prefix("--"), rest.strip_prefix("/*")) {
            (Some(line), _) => line.split_once('\n').map_or("", |(_, rest)| rest),
            (_, Some(block)) if !block.starts_with('!') => block.split_once("*/").map_or("", |(_, rest)| rest),
            _ => break,
        };
    }
    rest.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '_').collect::<String>().to_ascii_lowercase()
}

/// Without words of PostgreSQL that the parser lacks and that change no name: `FROM ONLY t`, `FOR NO KEY UPDATE`; and with literals
/// where `pg_stat_statements` leaves a place for them that no parser knows: `extract($1 FROM born)`, `date $2`.
fn plainer(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut before = [String::new(), String::new()];
    for mut token in tokens {
        if matches!(token.token, Token::Placeholder(_)) {
            match before[1].as_str() {
                "(" if before[0] == "extract" => token.token = Token::make_keyword("epoch"),
                "date" | "interval" | "time" | "timestamp" | "timestamptz" => {
                    token.token = Token::SingleQuotedString(String::new());
                }
                _ => {}
            }
        }
        let word = match &token.token {
            Token::Whitespace(_) => {
                kept.push(token);
                continue;
            }
            Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_lowercase(),
            Token::LParen => "(".to_owned(),
            _ => String::new(),
        };
        let follows = |words: &[&str]| words.contains(&before[1].as_str());
        let is_left_out = match word.as_str() {
            "only" => follows(&["from", "join", "update", "using", "into", "table"]),
            "no" => follows(&["for"]),
            "key" => follows(&["for"]) || (follows(&["no"]) && before[0] == "for"),
            _ => false,
        };
        before.rotate_left(1);
        before[1] = word;
        if !is_left_out {
            kept.push(token);
        }
    }
    kept
}

fn depth(tokens: &[TokenWithSpan]) -> usize {
    let deeper = |(depth, deepest): (usize, usize), token: &TokenWithSpan| match token.token {
        Token::LParen | Token::LBracket | Token::LBrace => (depth + 1, deepest.max(depth + 1)),
        Token::RParen | Token::RBracket | Token::RBrace => (depth.saturating_sub(1), deepest),
        _ => (depth, deepest),
    };
    tokens.iter().fold((0, 0), deeper).1
}

/// What joins two sides, or stands before one.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            let is_joining = |known| word.value.eq_ignore_ascii_case(known);
            ["and", "or", "not", "union", "except", "intersect", "is", "like", "between", "case", "join"]
                .into_iter()
                .any(is_joining)
        }
        Token::Comma | Token::LParen | Token::RParen | Token::Period | Token::SemiColon => false,
        Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::Placeholder(_) => false,
        _ => true,
    }
}

struct Walk<'k> {
    scopes: Scopes<'k>,
    /// Queries that see nothing of what surrounds them, by their addresses: what `INSERT` takes its rows from.
    sealed: Vec<*const Query>,
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let made = query.with.iter().flat_map(|with| &with.cte_tables).map(|made| folded(&made.alias.name)).collect();
        self.scopes
            .enter(made, if self.sealed.contains(&std::ptr::from_ref(query)) { Edge::Wall } else { Edge::Window });
        if let sqlparser::ast::SetExpr::Table(table) = query.body.as_ref()
            && let Some(name) = &table.table_name
        {
            let name = [table.schema_name.clone(), Some(name.clone())].into_iter().flatten();
            let name: Vec<sqlparser::ast::Ident> = name.map(sqlparser::ast::Ident::new).collect();
            self.scopes.table(&name.into(), None);
            self.scopes.every(String::new());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.scopes.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.scopes.enter(vec![], Edge::Branch);
        self.items(&select.projection);
        for join in select.from.iter().flat_map(|from| &from.joins) {
            self.constraint(&join.join_operator);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<()> {
        self.scopes.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                self.scopes.table(name, alias.as_ref().map(|alias| &alias.name));
            }
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::XmlTable { alias, .. } => self.scopes.made(alias.as_ref().map(|alias| &alias.name)),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(ident) => self.scopes.column(String::new(), folded(ident)),
            Expr::CompoundIdentifier(idents) => {
                if let [.., table, column] = idents.as_slice() {
                    self.scopes.column(folded(table), folded(column));
                }
            }
            Expr::QualifiedWildcard(name, _) => self.scopes.every(parts(name).pop().unwrap_or_default()),
            // `row_to_json(p.*)`; to count rows is to read none of their columns.
            Expr::Function(function) if parts(&function.name) != ["count"] => self.arguments(function),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Merge(merge) => self.merge(merge),
            Statement::Truncate(truncate) => {
                for target in &truncate.table_names {
                    self.table(&target.name, |touch| touch.whole = true);
                }
            }
            Statement::Copy { source: CopySource::Table { table_name, columns }, to, .. } => {
                self.copy(table_name, columns.iter().map(folded).collect(), *to);
            }
            // A definition is kept, not carried out; one that keeps rows is.
            Statement::CreateView(view) if !view.materialized => return ControlFlow::Break(()),
            Statement::CreateTable(table) if table.query.is_none() => return ControlFlow::Break(()),
            Statement::CreateFunction(_) | Statement::CreateTrigger(_) | Statement::CreateProcedure { .. } => {
                return ControlFlow::Break(());
            }
            Statement::Explain { analyze: false, options: None, .. } => return ControlFlow::Break(()),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Walk<'_> {
    fn table(&mut self, name: &sqlparser::ast::ObjectName, use_it: impl FnOnce(&mut Touch)) {
        let index = self.scopes.table(name, None);
        if let Some(touch) = index.and_then(|index| self.scopes.touch(index)) {
            use_it(touch);
        }
    }

    /// What `COPY` names is a column of its table or a mistake: only what the table has is read.
    fn copy(&mut self, table: &sqlparser::ast::ObjectName, columns: Vec<String>, is_read: bool) {
        let is_whole = columns.is_empty();
        if is_read {
            self.table(table, |touch| touch.every = is_whole);
            let called = parts(table).pop().unwrap_or_default();
            columns.into_iter().for_each(|column| self.scopes.column(called.clone(), column));
        } else {
            self.table(table, |touch| match is_whole {
                true => touch.whole = true,
                false => touch.written.extend(columns),
            });
        }
    }

    fn arguments(&mut self, function: &sqlparser::ast::Function) {
        let sqlparser::ast::FunctionArguments::List(list) = &function.args else { return };
        for argument in &list.args {
            if let FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name)) = argument {
                self.scopes.every(parts(name).pop().unwrap_or_default());
            }
        }
    }

    fn items(&mut self, items: &[SelectItem]) {
        for item in items {
            match item {
                SelectItem::Wildcard(_) => self.scopes.every(String::new()),
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    self.scopes.every(parts(name).pop().unwrap_or_default());
                }
                _ => {}
            }
        }
    }

    fn constraint(&mut self, operator: &sqlparser::ast::JoinOperator) {
        use sqlparser::ast::JoinOperator as Op;
        let (Op::Join(by) | Op::Inner(by) | Op::Left(by) | Op::LeftOuter(by) | Op::Right(by)) = operator else {
            if let Op::RightOuter(JoinConstraint::Using(names)) | Op::FullOuter(JoinConstraint::Using(names)) = operator
            {
                self.using(names);
            }
            return;
        };
        if let JoinConstraint::Using(names) = by {
            self.using(names);
        }
    }

    fn using(&mut self, names: &[sqlparser::ast::ObjectName]) {
        for name in names {
            self.scopes.column(String::new(), parts(name).pop().unwrap_or_default());
        }
    }

    fn insert(&mut self, insert: &Insert) {
        let TableObject::TableName(name) = &insert.table else { return };
        self.sealed.extend(insert.source.as_deref().map(std::ptr::from_ref));
        let named = insert.columns.iter().filter_map(|column| parts(column).pop());
        let set = insert.assignments.iter().flat_map(|one| targets(&one.target));
        let mut columns: Vec<String> = named.chain(set).collect();
        if let Some(on) = &insert.on {
            let updated = match on {
                OnInsert::DuplicateKeyUpdate(updated) => updated.as_slice(),
                OnInsert::OnConflict(conflict) => match &conflict.action {
                    OnConflictAction::DoUpdate(update) => update.assignments.as_slice(),
                    OnConflictAction::DoNothing => &[],
                },
                _ => &[],
            };
            let is_whole = columns.is_empty();
            columns.extend(updated.iter().flat_map(|one| targets(&one.target)));
            if is_whole {
                columns.clear();
            }
        }
        self.table(name, |touch| match columns.is_empty() {
            true => touch.whole = true,
            false => touch.written.extend(columns),
        });
        self.items(insert.returning.as_deref().unwrap_or_default());
    }

    fn update(&mut self, update: &Update) {
        let columns: Vec<String> = update.assignments.iter().flat_map(|one| targets(&one.target)).collect();
        if let TableFactor::Table { name, .. } = &update.table.relation {
            self.table(name, |touch| touch.written.extend(columns));
        }
        self.items(update.returning.as_deref().unwrap_or_default());
    }

    fn delete(&mut self, delete: &Delete) {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        // Of several tables those before FROM lose rows; without such, the first one does.
        for table in from {
            if let TableFactor::Table { name, alias, .. } = &table.relation {
                let called = alias.as_ref().map(|alias| folded(&alias.name)).or_else(|| parts(name).pop());
                let is_meant = |one: &sqlparser::ast::ObjectName| parts(one).pop() == called;
                if delete.tables.is_empty() || delete.tables.iter().any(is_meant) {
                    self.table(name, |touch| touch.whole = true);
                }
            }
        }
        self.items(delete.returning.as_deref().unwrap_or_default());
    }

    fn merge(&mut self, merge: &Merge) {
        if let TableFactor::Table { name, .. } = &merge.table {
            self.table(name, |touch| touch.whole = true);
        }
    }
}

fn targets(target: &AssignmentTarget) -> Vec<String> {
    match target {
        AssignmentTarget::ColumnName(name) => parts(name).pop().into_iter().collect(),
        AssignmentTarget::Tuple(names) => names.iter().filter_map(|name| parts(name).pop()).collect(),
    }
}
