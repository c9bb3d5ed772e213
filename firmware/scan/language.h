/// The two languages in which a malware scanner is asked about a mail while it passes by: clamd's INSTREAM
/// (clamd(8)) and ICAP's RESPMOD without preview (RFC 3507). One connection, one mail.
///
/// We say `opening`, then each piece of the mail between `piece_head` and `piece_tail`, then `end`; only
/// then the scanner answers. An answer that is not understood is no verdict, and without a verdict
/// no mail passes.
///
/// Pure and total. Threads: any.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "firmware/scan/verdict.h"

namespace privyseal::scan {

/// A longer answer is no verdict.
inline constexpr std::size_t kMaxAnswerBytes = 8192;

struct Language {
  /// `host` as in a URI ("127.0.0.1:1344"), `service` its path ("/avscan"); clamd knows neither.
  std::string (*opening)(std::string_view host, std::string_view service);
  std::string (*piece_head)(std::size_t bytes);  ///< not for an empty piece: that would be the end
  std::string_view piece_tail;
  std::string_view end;
  /// `so_far`: all that the scanner has said since `end`. Nothing: the answer is not whole.
  std::optional<Verdict> (*answer)(std::string_view so_far);
};

[[nodiscard]] const Language& clamd();
[[nodiscard]] const Language& icap();

/// "stream: OK", "stream: NAME FOUND" or an error, ended by a NUL.
[[nodiscard]] std::optional<Verdict> read_clamd_answer(std::string_view so_far);

/// 204 means clean, a field that names an infection means infected. A 200 without one is no verdict: the
/// scanner wants to give the mail another content, which we never do.
[[nodiscard]] std::optional<Verdict> read_icap_answer(std::string_view so_far);

}  // namespace privyseal::scan
