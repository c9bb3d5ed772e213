/// Words and phrases as the rules look for them.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace privyseal::policy {

/// Upper case, and single blanks between words: how phrases are compared.
[[nodiscard]] std::string normal_phrase(std::string_view text);

/// Whether a word ends at `at`: no letter or digit goes on with it, nor a hyphen and another letter.
[[nodiscard]] bool is_word_end(std::string_view text, std::size_t at);

/// Whether `phrase` stands in `text` as whole words. Case counts.
[[nodiscard]] bool contains_phrase(std::string_view text, std::string_view phrase);

}  // namespace privyseal::policy
