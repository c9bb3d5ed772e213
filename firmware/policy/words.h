/// Words and phrases as the rules look for them.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace privyseal::policy {

/// `text` without blanks and tabs at its ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The parts between `separator`, trimmed; empty ones are left out.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view text, char separator);

/// Upper case, and single blanks between words: how phrases are compared.
[[nodiscard]] std::string normal_phrase(std::string_view text);

/// Whether a word ends at `at`: no letter or digit goes on with it, nor a hyphen and another letter.
[[nodiscard]] bool is_word_end(std::string_view text, std::size_t at);

/// Whether `phrase` stands in `text` as whole words. Case counts.
[[nodiscard]] bool contains_phrase(std::string_view text, std::string_view phrase);

}  // namespace privyseal::policy
