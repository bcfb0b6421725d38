//! Properties of every rewritten file.

use birthmark_rewrite::text::Rewritten;

/// The new text has the old one's lines, is the old one without the insertions, and parses if the old one does.
#[track_caller]
pub fn only_inserts(source: &str, path: &str, output: &Rewritten) {
    assert_eq!(
        source.matches('\n').count(),
        output.text.matches('\n').count(),
        "{path}"
    );
    let (mut rest, mut done) = (output.text.as_str(), 0);
    for insertion in &output.insertions {
        assert!(
            !insertion.text.contains(['\n', '\r']),
            "{path}: {insertion:?}"
        );
        let kept = &source[done..insertion.offset];
        rest = rest
            .strip_prefix(kept)
            .and_then(|rest| rest.strip_prefix(&*insertion.text))
            .unwrap_or_else(|| panic!("{path}: {insertion:?} is not there"));
        done = insertion.offset;
    }
    assert_eq!(rest, &source[done..], "{path}");
    if !output.insertions.is_empty() && syn::parse_file(source).is_ok() {
        let parsed = syn::parse_file(&output.text);
        parsed.unwrap_or_else(|error| panic!("{path}: {error}: {:?}", error.span().start()));
    }
    for (index, site) in output.sites.iter().enumerate() {
        let mut of_the_site = output
            .insertions
            .iter()
            .filter(|one| one.site == Some(index));
        assert!(
            of_the_site.next().is_some(),
            "{path}: nothing was inserted for {site:?}"
        );
    }
}
