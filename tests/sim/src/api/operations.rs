// SPDX-License-Identifier: MIT OR Apache-2.0

//! The table of all operations of both dialects, with their scopes
//! (operations.md 4, 5): 352 on V3, 259 on V2.
//!
//! A line of `operations.txt`: in which dialects, manager, operation, method,
//! path, scope or `-`, then perhaps `root` (the body is the one argument
//! itself), `?name` for each query parameter and `+name` for each body member.

use std::sync::OnceLock;

/// One operation of one manager.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Among `2` and `3`.
    pub dialects: &'static str,
    pub manager: &'static str,
    pub name: &'static str,
    pub method: &'static str,
    /// Below the manager; parameters as `:name`.
    pub path: &'static str,
    /// Without `homey.`; none: public, or not for third parties. Several are
    /// joined by `+`.
    pub scope: Option<&'static str>,
    /// The body is not wrapped in the argument's name.
    pub root: bool,
    pub query: Vec<&'static str>,
    /// Members of the body when it is not such an argument.
    pub body: Vec<&'static str>,
}

impl Operation {
    /// The route for the router.
    pub fn route(&self) -> String {
        let path = self.path.trim_end_matches('/');
        format!("/api/manager/{}{path}", self.manager)
    }

    /// The names of its path parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|p| p.strip_prefix(':'))
    }

    /// Whether a hub of this dialect has it.
    pub fn is_of(&self, v2: bool) -> bool {
        self.dialects.contains(if v2 { '2' } else { '3' })
    }
}

fn parse(line: &'static str) -> Option<Operation> {
    let mut words = line.split(' ');
    let mut operation = Operation {
        dialects: words.next()?,
        manager: words.next()?,
        name: words.next()?,
        method: words.next()?,
        path: words.next()?,
        scope: Some(words.next()?).filter(|s| *s != "-"),
        root: false,
        query: Vec::new(),
        body: Vec::new(),
    };
    for word in words {
        match word.split_at_checked(1) {
            Some(("?", name)) => operation.query.push(name),
            Some(("+", name)) => operation.body.push(name),
            _ => operation.root = word == "root",
        }
    }
    Some(operation)
}

/// All of both dialects.
pub fn all() -> &'static [Operation] {
    static ALL: OnceLock<Vec<Operation>> = OnceLock::new();
    ALL.get_or_init(|| {
        let lines = include_str!("operations.txt").lines();
        lines.filter_map(parse).collect()
    })
}

/// Those of a dialect.
pub fn of(v2: bool) -> impl Iterator<Item = &'static Operation> {
    all().iter().filter(move |o| o.is_of(v2))
}

/// One of a dialect.
pub fn find(v2: bool, manager: &str, name: &str) -> Option<&'static Operation> {
    of(v2).find(|o| o.manager == manager && o.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let lines = include_str!("operations.txt").lines().count();
        assert_eq!(all().len(), lines, "every line is one");
        assert_eq!((of(false).count(), of(true).count()), (352, 259));
        for o in all() {
            assert!(["2", "3", "23"].contains(&o.dialects), "{o:?}");
            assert!(
                ["GET", "POST", "PUT", "DELETE"].contains(&o.method),
                "{o:?}"
            );
            assert!(o.path.starts_with('/'), "{o:?}");
            assert_eq!(
                all()
                    .iter()
                    .filter(|p| {
                        p.manager == o.manager && p.name == o.name && p.dialects == o.dialects
                    })
                    .count(),
                1,
                "{o:?}"
            );
        }
    }
}
