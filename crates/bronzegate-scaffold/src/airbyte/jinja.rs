//! Expressions of a manifest, evaluated as far as the configuration goes.

use minijinja::machinery::ast::{self, CallArg, Expr, Stmt};
use minijinja::machinery::parse;
use serde_json::Value;

use super::functions;
use super::operators;
use super::pieces;
use super::term::{Root, Step, Term, Test, UNDEFINED, literal, shown};
use crate::tree::Node;

/// What an expression may refer to.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) settings: &'a super::settings::Settings,
    /// The component's parameters.
    pub(super) parameters: Option<&'a Node>,
    /// Everything of the configuration is a secret here.
    pub(super) secret_slot: bool,
    /// What is optional and not given has a placeholder here.
    pub(super) stands_in: bool,
}

impl Scope<'_> {
    /// The value of a text with expressions in it, or of any other value.
    pub(super) fn value(&self, node: &Node) -> Term {
        match node.str() {
            Some(text) => self.text(text),
            None => Term::Known(node.to_value()),
        }
    }

    /// The value of a text: what is a literal of Python is what it says.
    pub(super) fn text(&self, text: &str) -> Term {
        match self.raw(text) {
            Term::Known(Value::String(text)) if text.is_empty() => Term::null(),
            Term::Known(Value::String(text)) => Term::Known(literal(&text)),
            other => other,
        }
    }

    /// The same, but a text stays a text.
    pub(super) fn raw(&self, text: &str) -> Term {
        if !text.contains("{{") && !text.contains("{%") {
            return Term::Known(text.into());
        }
        match parse(text, "manifest", minijinja::syntax::SyntaxConfig::default()) {
            Ok(Stmt::Template(template)) => {
                let term = joined(self.statements(&template.children, &mut Vec::new()));
                if term.reason() == Some(UNDEFINED) { Term::null() } else { term }
            }
            Ok(_) => Term::unknown("a template that is none"),
            Err(error) => Term::unknown(format!(
                "an expression that cannot be read: {}",
                error.detail().unwrap_or("syntax")
            )),
        }
    }

    fn statements(&self, statements: &[Stmt<'_>], set: &mut Vec<(String, Term)>) -> Vec<Term> {
        let mut parts = Vec::new();
        for statement in statements {
            match statement {
                Stmt::EmitRaw(raw) => parts.push(Term::Known(raw.raw.into())),
                Stmt::EmitExpr(expression) => parts.push(self.eval(&expression.expr, set)),
                Stmt::IfCond(choice) => match self.eval(&choice.expr, set).as_test() {
                    Ok(true) => parts.extend(self.statements(&choice.true_body, set)),
                    Ok(false) => parts.extend(self.statements(&choice.false_body, set)),
                    Err(test) => {
                        let chosen = joined(self.statements(&choice.true_body, &mut set.clone()));
                        let other = joined(self.statements(&choice.false_body, &mut set.clone()));
                        parts.push(operators::choose(&test, chosen, other));
                    }
                },
                Stmt::Set(assignment) => match &assignment.target {
                    Expr::Var(name) => {
                        let value = self.eval(&assignment.expr, set);
                        set.push((name.id.to_owned(), value));
                    }
                    _ => parts.push(Term::unknown("an assignment to several names")),
                },
                Stmt::ForLoop(_) => parts.push(Term::unknown("a loop")),
                _ => parts.push(Term::unknown("a block of Jinja")),
            }
        }
        parts
    }

    fn eval(&self, expression: &Expr<'_>, set: &[(String, Term)]) -> Term {
        match expression {
            Expr::Const(constant) => Term::Known(serde_json::to_value(&constant.value).unwrap_or_default()),
            Expr::Var(name) => self.variable(name.id, set),
            Expr::GetAttr(get) => self.step(self.eval(&get.expr, set), Step::Name(get.name.to_owned())),
            Expr::GetItem(get) => self.item(get, set),
            Expr::Slice(slice) => self.slice(slice, set),
            Expr::UnaryOp(operation) => operators::unary(&operation.op, self.eval(&operation.expr, set)),
            Expr::BinOp(operation) => operators::binary(
                operation.op,
                self.eval(&operation.left, set),
                self.eval(&operation.right, set),
            ),
            Expr::Compare(comparison) => self.comparison(comparison, set),
            Expr::IfExpr(choice) => self.choice(choice, set),
            Expr::Filter(filter) => {
                let of = filter.expr.as_ref().map_or_else(Term::null, |expr| self.eval(expr, set));
                functions::filter(filter.name, of, &self.arguments(&filter.args, set))
            }
            Expr::Test(test) => operators::tested(test.name, self.eval(&test.expr, set)),
            Expr::Call(call) => self.call(&call.expr, &call.args, set),
            Expr::List(list) => all_known(list.items.iter().map(|item| self.eval(item, set))),
            Expr::Tuple(tuple) => all_known(tuple.items.iter().map(|item| self.eval(item, set))),
            Expr::Map(map) => self.map(map, set),
            #[expect(unreachable_patterns, reason = "the library's tree may grow")]
            _ => Term::unknown("an expression of an unknown kind"),
        }
    }

    fn item(&self, get: &ast::GetItem<'_>, set: &[(String, Term)]) -> Term {
        let of = self.eval(&get.expr, set);
        match self.eval(&get.subscript_expr, set) {
            Term::Known(Value::String(name)) => self.step(of, Step::Name(name)),
            Term::Known(Value::Number(number)) => {
                self.step(of, Step::Index(number.as_i64().unwrap_or_default()))
            }
            _ => Term::unknown("a member whose name only a run knows"),
        }
    }

    fn slice(&self, slice: &ast::Slice<'_>, set: &[(String, Term)]) -> Term {
        let bound = |bound: &Option<Expr<'_>>| bound.as_ref().map(|bound| self.eval(bound, set));
        if slice.step.is_some() {
            return Term::unknown("a slice with steps");
        }
        pieces::sliced(self.eval(&slice.expr, set), bound(&slice.start), bound(&slice.stop))
    }

    fn comparison(&self, comparison: &ast::Compare<'_>, set: &[(String, Term)]) -> Term {
        match comparison.ops.as_slice() {
            [compared] => operators::compare(
                compared.op,
                self.eval(&comparison.expr, set),
                self.eval(&compared.expr, set),
            ),
            _ => Term::unknown("a chain of comparisons"),
        }
    }

    fn choice(&self, choice: &ast::IfExpr<'_>, set: &[(String, Term)]) -> Term {
        let other = || choice.false_expr.as_ref().map_or_else(Term::null, |other| self.eval(other, set));
        // What decides is no secret, even where what is chosen goes into a slot of secrets.
        let open = Self { secret_slot: false, ..*self };
        match open.eval(&choice.test_expr, set).as_test() {
            Ok(true) => self.eval(&choice.true_expr, set),
            Ok(false) => other(),
            Err(test) => operators::choose(&test, self.eval(&choice.true_expr, set), other()),
        }
    }

    fn map(&self, map: &ast::Map<'_>, set: &[(String, Term)]) -> Term {
        let mut members = serde_json::Map::new();
        for (key, value) in map.keys.iter().zip(&map.values) {
            let (Term::Known(key), Term::Known(value)) = (self.eval(key, set), self.eval(value, set)) else {
                return Term::unknown("a map with values that only a run knows");
            };
            members.insert(shown(&key), value);
        }
        Term::Known(Value::Object(members))
    }

    fn arguments(&self, arguments: &[CallArg<'_>], set: &[(String, Term)]) -> Vec<Term> {
        let value = |argument: &CallArg<'_>| match argument {
            CallArg::Pos(expression) | CallArg::Kwarg(_, expression) => self.eval(expression, set),
            CallArg::PosSplat(_) | CallArg::KwargSplat(_) => Term::unknown("arguments that are unpacked"),
        };
        arguments.iter().map(value).collect()
    }

    fn variable(&self, name: &str, set: &[(String, Term)]) -> Term {
        if let Some((_, value)) = set.iter().rev().find(|(known, _)| known == name) {
            return value.clone();
        }
        let root = match name {
            "config" => return Term::At(Root::State, vec![Step::config()]),
            "parameters" | "options" => {
                return Term::Known(self.parameters.map(Node::to_value).unwrap_or_default());
            }
            "response" | "last_response" => Root::Response,
            "headers" => Root::Headers,
            "last_record" | "last_records" => Root::LastRecord,
            "record" => Root::Record,
            "stream_slice" | "stream_partition" => Root::Partition,
            "stream_interval" => Root::Interval,
            "next_page_token" | "last_page_token_value" => Root::Token,
            "last_page_size" => Root::PageCount,
            "stream_state" => Root::State,
            "none" | "None" => return Term::null(),
            "true" | "True" => return Term::Known(true.into()),
            "false" | "False" => return Term::Known(false.into()),
            other => return Term::unknown(format!("`{other}`")),
        };
        Term::At(root, Vec::new())
    }

    /// A member: of what is known its value, of the configuration what it holds, of a place a longer place.
    fn step(&self, of: Term, step: Step) -> Term {
        match of {
            Term::Known(Value::Object(members)) => match step {
                Step::Name(name) => Term::Known(members.get(&name).cloned().unwrap_or_default()),
                Step::Index(_) => Term::null(),
            },
            Term::Known(Value::Array(items)) => match step {
                Step::Index(at) => {
                    let back = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
                    let at = if at < 0 { items.len().checked_sub(back) } else { Some(back) };
                    Term::Known(at.and_then(|at| items.get(at)).cloned().unwrap_or_default())
                }
                Step::Name(_) => Term::null(),
            },
            Term::Known(_) => Term::null(),
            Term::At(root, mut path) => {
                path.push(step);
                self.settled(root, path)
            }
            Term::Secret(place) => Term::Secret(format!("{place}.{step}")),
            Term::Pieces(of, by) => pieces::piece(*of, &by, &step),
            other @ (Term::Unknown(_) | Term::Now(_)) => other,
            _ => Term::unknown("a member of what is not a place"),
        }
    }

    /// A place of the configuration is looked up as soon as it is one.
    fn settled(&self, root: Root, path: Vec<Step>) -> Term {
        match (root, path.as_slice()) {
            (Root::State, [Step::Name(config), rest @ ..]) if config == "config" => {
                self.settings.look_up(rest, self.secret_slot, self.stands_in)
            }
            // `last_records[-1]` is the last record.
            (Root::LastRecord, [Step::Index(-1), ..]) => Term::At(root, path[1..].to_vec()),
            _ => Term::At(root, path),
        }
    }

    fn call(&self, callee: &Expr<'_>, arguments: &[CallArg<'_>], set: &[(String, Term)]) -> Term {
        let values = self.arguments(arguments, set);
        match callee {
            Expr::Var(name) => functions::call(name.id, &values),
            Expr::GetAttr(method) => {
                let of = self.eval(&method.expr, set);
                match (method.name, values.as_slice()) {
                    ("get", [Term::Known(_), default, ..])
                        if self.settings.is_unspecified() && is_config(&of) && !default.is_empty() =>
                    {
                        default.clone()
                    }
                    ("get", [Term::Known(Value::String(name)), default @ ..]) => {
                        let found = self.step(of, Step::Name(name.clone()));
                        match (found, default) {
                            (Term::Known(Value::Null), [default, ..]) => default.clone(),
                            (found @ Term::At(Root::Record, _), [default, ..]) => {
                                operators::record_or(found, default)
                            }
                            (Term::At(..), [default, ..]) if !default.is_empty() => {
                                Term::unknown("a default for what only a run knows")
                            }
                            (found, _) => found,
                        }
                    }
                    _ => functions::method(method.name, of, &values),
                }
            }
            _ => Term::unknown("a call"),
        }
    }
}

fn is_config(term: &Term) -> bool {
    matches!(term, Term::At(Root::State, path) if path.first() == Some(&Step::config()))
}

fn all_known(terms: impl Iterator<Item = Term>) -> Term {
    let mut values = Vec::new();
    for term in terms {
        match term {
            Term::Known(value) => values.push(value),
            Term::Unknown(why) => return Term::Unknown(why),
            _ => return Term::unknown("a list with values that only a run knows"),
        }
    }
    Term::Known(Value::Array(values))
}

/// Parts as one: known texts are joined, and what is one part alone is itself.
pub(super) fn joined(parts: Vec<Term>) -> Term {
    let mut all: Vec<Term> = Vec::new();
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Term::Text(inner) => flat.extend(inner),
            part => flat.push(part),
        }
    }
    let count = flat.len();
    for part in flat {
        match (part, all.last_mut()) {
            (part @ Term::Known(_), _) if count == 1 => return part,
            (Term::Known(value), Some(Term::Known(Value::String(last)))) => last.push_str(&shown(&value)),
            (Term::Known(value), _) => all.push(Term::Known(shown(&value).into())),
            (part, _) => all.push(part),
        }
    }
    all.retain(|part| !matches!(part, Term::Known(Value::String(text)) if text.is_empty()));
    // White space around one expression is Jinja's layout.
    let is_blank = |part: &Term| matches!(part, Term::Known(Value::String(text)) if text.trim().is_empty());
    if all.iter().filter(|part| !is_blank(part)).count() == 1 {
        all.retain(|part| !is_blank(part));
    }
    match all.len() {
        0 => Term::Known("".into()),
        1 => match all.remove(0) {
            Term::Known(Value::String(text)) => Term::Known(text.trim().into()),
            other => other,
        },
        _ => Term::Text(all),
    }
}

/// What a place's steps are as an address; `None` where one is counted from the end.
pub(super) fn address(path: &[Step]) -> Option<Vec<String>> {
    let step = |step: &Step| match step {
        Step::Name(name) => Some(name.clone()),
        Step::Index(at) => u64::try_from(*at).ok().map(|at| at.to_string()),
    };
    path.iter().map(step).collect()
}

/// `test` as a term that is true or false.
pub(super) fn negated(test: Test) -> Test {
    match test {
        Test::Not(inner) => *inner,
        other => Test::Not(Box::new(other)),
    }
}
