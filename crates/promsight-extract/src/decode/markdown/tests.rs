use std::sync::Arc;

use promsight_model::{FileId, FileSet, SourceFile};
use proptest::prelude::*;

use super::*;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        id: FileId(0),
        path: path.to_owned(),
        shown_path: path.to_owned(),
        text: Arc::from(text),
    }
}

/// Every piece on a line: its kind, its text, and its runs with the text that their spans cut from the file.
fn outline(path: &str, text: &str) -> Vec<String> {
    let files = FileSet::new(vec![(path.to_owned(), path.to_owned(), Arc::from(text))]);
    let markup = Markup::of_path(path).expect("a document's extension");
    let prose = |prose: &Prose| {
        let runs: Vec<String> = prose
            .runs
            .iter()
            .map(|run| {
                let covered = files.text(prose.run_text(run).whole_span());
                match &run.kind {
                    RunKind::Code => format!(" code «{covered}»"),
                    RunKind::Emphasis => format!(" emphasis «{covered}»"),
                    RunKind::Struck => format!(" struck «{covered}»"),
                    RunKind::Link(None) => format!(" link «{covered}»"),
                    RunKind::Link(Some(target)) => {
                        format!(" link «{covered}» to «{}»", files.text(target.whole_span()))
                    }
                }
            })
            .collect();
        format!("{}{}", prose.text.text, runs.concat())
    };
    read(&files.files()[0], markup)
        .iter()
        .map(|piece| match &piece.kind {
            PieceKind::Heading(level, text) => format!("h{level}: {}", prose(text)),
            PieceKind::Paragraph(text) => format!("p: {}", prose(text)),
            PieceKind::Item(text) => match piece.introduced_by {
                Some(index) => format!("item of {index}: {}", prose(text)),
                None => format!("item: {}", prose(text)),
            },
            PieceKind::Fence(fence) => format!("fence {}: {:?}", fence.language, fence.text.text),
            PieceKind::Comment(text) => format!("comment: {}", text.text),
            PieceKind::Table(table) => {
                let row = |row: &Vec<Prose>| row.iter().map(&prose).collect::<Vec<_>>().join(" | ");
                let rows: Vec<String> = table.rows.iter().map(row).collect();
                format!("table: {} // {}", row(&table.head), rows.join(" // "))
            }
        })
        .collect()
}

#[test]
fn headings_paragraphs_and_items_come_in_order() {
    let text =
        "# Guide to `shop_up`\n\nThe metrics are:\n\n- `shop_a_total` counts\n  - **shop_b**\n\nEnd.\n";
    assert_eq!(
        outline("a.md", text),
        [
            "h1: Guide to shop_up code «shop_up»",
            "p: The metrics are:",
            "item of 1: shop_a_total counts code «shop_a_total»",
            "item of 2: shop_b emphasis «shop_b»",
            "p: End.",
        ]
    );
}

#[test]
fn a_fence_in_a_quoted_list_has_its_own_text_and_exact_places() {
    let text = "> 1. Run:\n>\n>    ```PromQL title=\"x\"\n>    sum(\n>      shop_up)\n>    ```\n";
    let pieces = read(&file("a.md", text), Markup::Markdown);
    let PieceKind::Fence(fence) = &pieces[1].kind else {
        panic!("the second piece is the fence")
    };
    assert_eq!(fence.language, "promql");
    assert_eq!(fence.text.text, "sum(\n  shop_up)\n");
    let at = fence.text.text.find("shop_up").expect("it is there");
    assert_eq!(&text[fence.text.span(at..at + 7).range()], "shop_up");
}

#[test]
fn cells_keep_escaped_bars_and_code() {
    let text = "| Metric | Means |\n|---|---|\n| `a_total{x=\"b\\|c\"}` | plain a\\_b |\n";
    assert_eq!(
        outline("a.md", text),
        ["table: Metric | Means // a_total{x=\"b|c\"} code «a_total{x=\"b\\|c\"}» | plain a_b"]
    );
}

#[test]
fn links_know_their_targets() {
    let text =
        "See [the `x` graph](<http://prom/graph?a b> \"t\"), [y](http://prom/(y)) and <http://prom/z>.\n";
    assert_eq!(
        outline("a.md", text),
        [
            "p: See the x graph, y and http://prom/z. link «the `x` graph» to «http://prom/graph?a b» code «x» \
          link «y» to «http://prom/(y)» link «http://prom/z» to «http://prom/z»"
        ]
    );
}

#[test]
fn comments_and_html_are_read_and_front_matter_is_not() {
    let text = "---\ntitle: a_total\n---\n\n<!-- note -->\n\n<table><tr><td><code>shop_up</code> is up\n</td></tr></table>\n\nText <!-- inner --> and <code>shop_down</code>.\n";
    assert_eq!(
        outline("a.md", text),
        [
            "comment:  note ",
            "table:  // shop_up is up  code «shop_up»",
            "comment:  inner ",
            "p: Text  and shop_down. code «shop_down»",
        ]
    );
}

#[test]
fn carriage_returns_do_not_shift_places() {
    let text = "```text\r\nä shop_up\r\nshop_down\r\n```\r\n";
    let pieces = read(&file("a.md", text), Markup::Markdown);
    let PieceKind::Fence(fence) = &pieces[0].kind else {
        panic!("the first piece is the fence")
    };
    let at = fence.text.text.find("shop_down").expect("it is there");
    assert_eq!(&text[fence.text.span(at..at + 9).range()], "shop_down");
}

#[test]
fn restructured_headings_paragraphs_and_lists() {
    let text = "=====\nGuide\n=====\n\nThe ``shop_up`` gauge\nand :code:`shop_down`:\n\n- **shop_a** and\n  more\n- `docs <http://p/graph?x>`_\n\nBelow\n-----\n\nText::\n\n    shop_b 1\n\n      shop_c\n\nEnd.\n";
    assert_eq!(
        outline("a.rst", text),
        [
            "h1: Guide",
            "p: The shop_up gauge and shop_down: code «shop_up» code «shop_down»",
            "item of 1: shop_a and more emphasis «shop_a»",
            "item of 1: docs link «docs» to «http://p/graph?x»",
            "h2: Below",
            "p: Text:",
            "fence : \"shop_b 1\\n\\n  shop_c\\n\"",
            "p: End.",
        ]
    );
}

#[test]
fn restructured_directives_and_comments() {
    let text = ".. a comment\n   in two lines\n\n.. _target:\n\n.. code-block:: PromQL\n   :linenos:\n\n   sum(\n     shop_up)\n\n.. note:: Mind\n\n   the ``shop_gap``.\n\n.. toctree::\n\n   shop_file\n";
    assert_eq!(
        outline("a.rst", text),
        [
            "comment: a comment\n   in two lines",
            "fence promql: \"sum(\\n  shop_up)\\n\"",
            "p: the shop_gap. code «shop_gap»",
        ]
    );
}

#[test]
fn restructured_tables() {
    let simple = "======== =====\nMetric   Means\n======== =====\nshop_up  up\n         or so\nshop_low low\n======== =====\n";
    assert_eq!(
        outline("a.rst", simple),
        ["table: Metric | Means // shop_up | up or so // shop_low | low"]
    );
    let grid = "+--------+-------+\n| Metric | Means |\n+========+=======+\n| ``up`` | is    |\n|        | up    |\n+--------+-------+\n";
    assert_eq!(
        outline("a.rst", grid),
        ["table: Metric | Means // up code «up» | is up"]
    );
    let list = ".. list-table:: Title\n   :header-rows: 1\n\n   * - Metric\n     - Means\n   * - ``shop_up``\n     - is\n       up\n";
    assert_eq!(
        outline("a.rst", list),
        ["table: Metric | Means // shop_up code «shop_up» | is up"]
    );
}

#[test]
fn asciidoc_has_titles_lists_blocks_and_links() {
    let text = "= Guide\n:toc:\n// note\n\n== Metrics\n\nThe metrics `shop_up`, +shop_a+ and `+shop_{b}+`:\n\n\
                * *shop_c* and snake_case_d\n+\nmore\n. `shop_e`:: up\nshop_f:: down\n\n\
                See https://p/graph?g0.expr=up[the graph] and link:other.html[this].\n\ninclude::other.adoc[]\n\n\
                .Look\n[source,promql]\n----\nrate(shop_g[5m]) # <1>\n----\n<1> Five minutes\n\n literal line\n\n....\nshop_h\n....\n";
    assert_eq!(
        outline("a.adoc", text),
        [
            "h1: Guide",
            "comment: note",
            "h2: Metrics",
            "p: The metrics shop_up, shop_a and shop_{b}: code «shop_up» code «shop_a» code «shop_{b}»",
            "item of 3: shop_c and snake_case_d emphasis «shop_c»",
            "p: more",
            "item of 5: shop_e:: up code «shop_e»",
            "item of 5: shop_f:: down",
            "p: See the graph and this. link «the graph» to «https://p/graph?g0.expr=up» link «this» to «other.html»",
            "p: Look",
            "fence promql: \"rate(shop_g[5m])\\n\"",
            "item: Five minutes",
            "fence : \"literal line\\n\"",
            "fence : \"shop_h\\n\"",
        ]
    );
}

#[test]
fn tables_of_asciidoc_are_cut_into_rows() {
    let text = "[cols=\"1,2\",options=\"header\"]\n|===\n|Metric |Means\n\n|`shop_up`\n|is \\| up\n\nm|shop_b a|goes\non\n|===\n\n\
                |===\n|A |B\n\n|1 |2\n|===\n\n,===\nx,\"y, z\"\n,===\n";
    assert_eq!(
        outline("a.adoc", text),
        [
            "table: Metric | Means // shop_up code «shop_up» | is | up // shop_b | goes on",
            "table: A | B // 1 | 2",
            "table:  // x | y, z",
        ]
    );
}

#[test]
fn tables_of_html_are_tables() {
    let text = "<table>\n<thead><tr><th>Metric</th><th>Means</th></tr></thead>\n\n<tbody>\n<tr>\n  <td><code>shop_up</code></td>\n  \
                <td>is<br/>up</td>\n</tr>\n</tbody></table>\n\nAfter\n";
    assert_eq!(
        outline("a.md", text),
        [
            "table: Metric | Means // shop_up code «shop_up» | is up",
            "p: After"
        ]
    );
}

#[test]
fn values_separated_by_commas_are_tables_of_restructured_text() {
    let text = ".. csv-table:: Metrics\n   :header: \"Metric\", \"Means\"\n\n   \"``shop_up``\", \"is up, mostly\"\n   shop_b, goes on\n";
    assert_eq!(
        outline("a.rst", text),
        ["table: Metric | Means // shop_up code «shop_up» | is up, mostly // shop_b | goes on"]
    );
}

proptest! {
    #[test]
    fn any_text_is_read_and_every_span_lies_on_characters(
        text in "([-a_`|>#*~ \\n\\r\\t:<!\\[\\](){}=.\"'ä+]|:: |\\.\\. |\\.\\. code::|===|== =\n|\\+--\\+|\\.\\. list-table::\n   |\\* - |\\|===\n|,===\n|----\n|\\[source,promql\\]\n|https://x\\[|```|\\| |--|<code>|</code>|<table>|<tr>|<td>|<th>|</td>|</tr>|</table>|<!--|-->){0,120}",
        markup in proptest::sample::select(vec![Markup::Markdown, Markup::Restructured, Markup::AsciiDoc]),
    ) {
        let check = |span: Span| prop_assert_characters(&text, span);
        for piece in read(&file("a", &text), markup) {
            check(piece.span)?;
            let proses: Vec<&Prose> = match &piece.kind {
                PieceKind::Heading(_, prose) | PieceKind::Paragraph(prose) | PieceKind::Item(prose) => vec![prose],
                PieceKind::Table(table) => table.head.iter().chain(table.rows.iter().flatten()).collect(),
                PieceKind::Fence(fence) => { check(fence.text.whole_span())?; Vec::new() }
                PieceKind::Comment(comment) => { check(comment.whole_span())?; Vec::new() }
            };
            for prose in proses {
                for run in &prose.runs {
                    prop_assert!(prose.text.text.get(run.at.clone()).is_some());
                    check(prose.run_text(run).whole_span())?;
                }
            }
        }
    }
}

fn prop_assert_characters(text: &str, span: Span) -> Result<(), TestCaseError> {
    prop_assert!(text.get(span.range()).is_some(), "{:?} of {:?}", span, text);
    Ok(())
}
