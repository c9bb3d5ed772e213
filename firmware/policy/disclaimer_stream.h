/// Puts the organisation's disclaimer below the text of a mail while the mail passes by.
///
/// Bytes are put in, and none is changed or left out: behind the last line of a text that is the whole mail,
/// or in front of the line that ends the text's part. The text is a plain one, or HTML, or both as
/// alternatives; not what is attached to it. HTML's goes behind </html>, where every reader of HTML takes it
/// for a part of the body; in front of </body> would need the mail's end held back.
///
/// A mail is left as it is, from where that is known, when it is signed or encrypted (S/MIME, PGP, DKIM,
/// ARC), has the disclaimer already, is in base64, or is not wholly understood.
///
/// Pure and total; holds back at most one line that may be the end of a part, and a part's header; any split
/// of the input gives the same output. One object, one mail. Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/policy/disclaimer.h"
#include "firmware/policy/header.h"
#include "firmware/policy/media_type.h"
#include "firmware/policy/part_search.h"

namespace privyseal::policy {

/// What the next hop lets us add.
struct DisclaimerRoom {
  bool eight_bit = false;                     ///< bytes over 127
  std::uint64_t most_bytes = 0;               ///< the longest mail; 0: no limit
  std::optional<std::uint64_t> told_bytes{};  ///< how long the mail is, as its sender announced it

  [[nodiscard]] bool has(std::uint64_t growth) const;
};

class DisclaimerStream {
 public:
  enum class Outcome {
    kUnsuited,   ///< it has no text that one could be put below
    kProtected,  ///< signed or encrypted
    kPresent,    ///< it had the disclaimer
    kAdded,
  };

  /// `header` is that of a mail whose body follows an empty line; it and that line have `header_bytes`.
  /// `disclaimer` must outlive this.
  DisclaimerStream(const Disclaimer& disclaimer, const Header& header, std::uint64_t header_bytes,
                   const DisclaimerRoom& room);

  /// The body's next bytes, dots stuffed: what may go on. It lives until the next call, or as long as `body`.
  [[nodiscard]] std::string_view feed(std::string_view body);
  /// The mail is whole: the rest, once.
  [[nodiscard]] std::string_view end();

  /// Final after end().
  [[nodiscard]] Outcome outcome() const { return outcome_; }

 private:
  enum class Place {
    kPass,    // nothing can be added any more
    kWhole,   // in the text that is the whole mail
    kSkip,    // of a multipart: in front of its parts, behind them, or in one that is none of the text
    kHeader,  // of a part
    kPart,    // in a text that ends before the next boundary
  };
  struct Level {
    std::string boundary;
    bool is_alternative;  // all its parts are the text; else the first one is
    std::size_t parts = 0;
  };

  struct Text {
    PartSearch search;
    const std::string& addition;
  };

  void begin(const Header& header, const MediaType& type);
  void begin_multipart(const Header& header, const MediaType& type);
  bool begin_text(const Header& header, const MediaType& type);
  void begin_part();
  void finish_text();
  void take(std::string_view& rest);
  void take_content(std::string_view text);
  void take_boundary(std::string_view line);
  void stop(Outcome outcome);
  [[nodiscard]] bool may_have_text() const;
  [[nodiscard]] bool has_room(std::uint64_t growth) const;

  const Disclaimer& disclaimer_;
  const DisclaimerRoom room_;
  std::uint64_t mail_bytes_;
  Place place_ = Place::kPass;
  Outcome outcome_ = Outcome::kUnsuited;
  std::vector<Level> levels_;        // the multiparts that are open, outermost first
  std::array<bool, 2> was_there_{};  // a text of this kind
  std::optional<Text> text_;         // the present one
  std::string part_header_;
  std::string held_;  // the beginning of a line that may be a boundary
  bool at_line_start_ = true;
  std::string out_;
};

[[nodiscard]] std::string_view to_string(DisclaimerStream::Outcome outcome);

}  // namespace privyseal::policy
