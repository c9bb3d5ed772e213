/// The words of a mail's row (search_keys.h), for all who need them: who writes the row, who gives words to
/// the rows of a former version, and who takes them away with the row.
///
/// They are read from the row itself and from nothing else, so that these three cannot differ.
///
/// Threads: as the Statement's Database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/database.h"

namespace privyseal::gateway {

/// For a SELECT or RETURNING; `first` below is the place of the first of them.
inline constexpr std::string_view kWordColumns = "sender, recipients, session_id, lan_session_id, message_id";

/// Those that the row has from its opening.
[[nodiscard]] std::vector<std::string> opening_words_at(const Statement& row, int first);
/// Those that its end brings.
[[nodiscard]] std::vector<std::string> closing_words_at(const Statement& row, int first);
/// Both.
[[nodiscard]] std::vector<std::string> words_at(const Statement& row, int first);

}  // namespace privyseal::gateway
