//! The words of a Rust file, without its comments, literals, tests.

/// An identifier, `::`, or any other character that is no space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// From one.
    pub(crate) line: usize,
}

/// What of a file is part of the product.
pub(crate) struct Code {
    pub(crate) words: Vec<Word>,
    /// The modules in other files that are there for tests only.
    pub(crate) test_modules: Vec<String>,
}

impl Code {
    pub(crate) fn of(text: &str) -> Self {
        let all = words(text);
        let mut code = Code { words: Vec::new(), test_modules: Vec::new() };
        let mut at = 0;
        while at < all.len() {
            if is_next(&all[at..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
                let end = at + item_length(&all[at..]);
                code.test_modules.extend(module_of(&all[at..end]));
                at = end;
            } else {
                code.words.push(all[at].clone());
                at += 1;
            }
        }
        code
    }
}

pub(crate) fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn is_next(words: &[Word], expected: &[&str]) -> bool {
    words.len() >= expected.len() && words.iter().zip(expected).all(|(word, text)| word.text == *text)
}

/// How many words an item has, with the attributes before it.
fn item_length(words: &[Word]) -> usize {
    let mut open = 0_usize;
    for (at, word) in words.iter().enumerate() {
        match word.text.as_str() {
            "{" | "(" | "[" => open += 1,
            "}" | ")" | "]" => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 && (word.text == ";" || word.text == "}") {
            return at + 1;
        }
    }
    words.len()
}

/// The name of the module in another file that an item declares.
fn module_of(item: &[Word]) -> Option<String> {
    match item {
        [.., keyword, name, end] if keyword.text == "mod" && end.text == ";" => Some(name.text.clone()),
        _ => None,
    }
}

fn words(text: &str) -> Vec<Word> {
    let text: Vec<char> = text.chars().collect();
    let (mut words, mut at, mut line) = (Vec::new(), 0, 1);
    while at < text.len() {
        let length = match skipped(&text[at..]) {
            0 => {
                let length = word_length(&text[at..]);
                words.push(Word { text: text[at..at + length].iter().collect(), line });
                length
            }
            length => length,
        };
        line += text[at..at + length].iter().filter(|one| **one == '\n').count();
        at += length;
    }
    words
}

fn word_length(text: &[char]) -> usize {
    match text {
        [':', ':', ..] => 2,
        [first, ..] if first.is_alphanumeric() || *first == '_' => {
            text.iter().take_while(|one| one.is_alphanumeric() || **one == '_').count()
        }
        _ => 1,
    }
}

/// How many characters here are a space, a comment, a literal or a lifetime.
fn skipped(text: &[char]) -> usize {
    match text {
        [space, ..] if space.is_whitespace() => 1,
        ['/', '/', ..] => text.iter().take_while(|one| **one != '\n').count(),
        ['/', '*', ..] => {
            let end = text.windows(2).position(|two| two == ['*', '/']);
            end.map_or(text.len(), |end| end + 2)
        }
        ['"', ..] => quoted_length(text, '"'),
        ['b', '"', ..] => 1 + quoted_length(&text[1..], '"'),
        ['r', '"' | '#', ..] => raw_length(text, 1),
        ['b', 'r', '"' | '#', ..] => raw_length(text, 2),
        ['\'', '\\', ..] | ['\'', _, '\'', ..] => quoted_length(text, '\''),
        ['\'', ..] => 1 + word_length(&text[1..]),
        _ => 0,
    }
}

fn quoted_length(text: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// Of a raw literal that begins after so many letters.
fn raw_length(text: &[char], letters: usize) -> usize {
    let hashes = text[letters..].iter().take_while(|one| **one == '#').count();
    if text.get(letters + hashes) != Some(&'"') {
        return 0;
    }
    let mut end = vec!['"'];
    end.resize(1 + hashes, '#');
    let start = letters + hashes + 1;
    let length = text[start..].windows(end.len()).position(|some| some == end);
    length.map_or(text.len(), |length| start + length + end.len())
}

fn texts(text: &str) -> Vec<String> {
    Code::of(text).words.into_iter().map(|word| word.text).collect()
}

#[test]
fn comments_and_literals_are_no_words() {
    let text = "a /* b */ \"c \\\" d\" 'e' '\\'' r#\"f \" g\"# 'h // i\nj::k";
    assert_eq!(texts(text), ["a", "j", "::", "k"]);
    assert_eq!(Code::of(text).words[1].line, 2);
}

#[test]
fn tests_are_left_out_but_not_what_follows_them() {
    let text = "#[cfg(test)]\nmod model;\na #[cfg(test)] #[x] fn b(c: [u8; 2]) { d; { e } } f";
    assert_eq!(texts(text), ["a", "f"]);
    assert_eq!(Code::of(text).test_modules, ["model"]);
    assert_eq!(texts("#[cfg(feature)] a"), ["#", "[", "cfg", "(", "feature", ")", "]", "a"]);
}
