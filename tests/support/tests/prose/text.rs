//! Paragraphs and sentences of Markdown and of doc comments.

use super::public;

/// A paragraph of prose.
pub struct Paragraph {
    /// Number of its first line.
    pub line: usize,
    /// Text in one line, without the marks of comments and lists.
    pub text: String,
    /// `true` if the paragraph documents an item that users see.
    pub is_public: bool,
}

/// Returns the paragraphs of Markdown.
pub fn of_markdown(text: &str) -> Vec<Paragraph> {
    let mut paragraphs = Paragraphs::default();
    for (index, line) in text.lines().enumerate() {
        paragraphs.add(index + 1, line.trim());
    }
    paragraphs.finish(true);
    paragraphs.done
}

/// Returns the paragraphs of all doc comments of a Rust file.
pub fn of_rust(text: &str, is_crate_root: bool) -> Vec<Paragraph> {
    let lines: Vec<&str> = text.lines().collect();
    let mut paragraphs = Paragraphs::default();
    for (index, line) in lines.iter().enumerate() {
        let line = line.trim_start();
        let (outer, inner) = (line.strip_prefix("///"), line.strip_prefix("//!"));
        let Some(prose) = outer.or(inner) else {
            paragraphs.finish(false);
            continue;
        };
        paragraphs.add(index + 1, prose.trim());
        let is_last = lines
            .get(index + 1)
            .is_none_or(|next| !next.trim_start().starts_with(&line[..3]));
        if is_last {
            let is_public = match outer {
                Some(_) => public::is_public(&lines, index + 1),
                None => is_crate_root,
            };
            paragraphs.finish(is_public);
        }
    }
    paragraphs.done
}

/// Collects lines to paragraphs. Code, tables, headings and quotations are left out.
#[derive(Default)]
struct Paragraphs {
    done: Vec<Paragraph>,
    /// Number of paragraphs of earlier comments.
    finished: usize,
    current: Option<(usize, String)>,
    is_in_code: bool,
}

impl Paragraphs {
    fn add(&mut self, number: usize, line: &str) {
        if line.starts_with("```") {
            self.is_in_code = !self.is_in_code;
        }
        let is_prose = !line.starts_with(['#', '|', '>']) && !line.starts_with("```");
        if self.is_in_code || line.is_empty() || !is_prose {
            self.end_paragraph();
            return;
        }
        let item = ["- ", "* "].iter().find_map(|mark| line.strip_prefix(mark));
        if item.is_some() {
            self.end_paragraph();
        }
        let (_, text) = self.current.get_or_insert_with(|| (number, String::new()));
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(item.unwrap_or(line));
    }

    fn end_paragraph(&mut self) {
        if let Some((line, text)) = self.current.take() {
            self.done.push(Paragraph {
                line,
                text,
                is_public: false,
            });
        }
    }

    /// Ends a comment, or a file of Markdown.
    fn finish(&mut self, is_public: bool) {
        self.end_paragraph();
        for paragraph in &mut self.done[self.finished..] {
            paragraph.is_public = is_public;
        }
        self.finished = self.done.len();
        self.is_in_code = false;
    }
}

/// Returns the parts of a paragraph that end with a full stop, a question mark or an exclamation mark before a blank.
pub fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    let mut rest = paragraph;
    std::iter::from_fn(move || {
        let end = [". ", "? ", "! "]
            .iter()
            .filter_map(|end| rest.find(end))
            .min();
        let (sentence, others) = rest.split_at(end.map_or(rest.len(), |end| end + 2));
        rest = others;
        (!sentence.is_empty()).then_some(sentence)
    })
}

/// Returns the number of words of a sentence.
pub fn words(sentence: &str) -> usize {
    sentence.split_whitespace().count()
}
