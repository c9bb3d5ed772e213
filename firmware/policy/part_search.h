/// Whether the text of a mail's part holds some words, while its bytes pass by.
///
/// Compared are signs: the text without blanks and line ends, without the marks of quotation (>), the dots
/// that SMTP stuffs and the encoding, and HTML without its tags. So words are found again where another
/// program has broken the lines anew, and in a quoted mail.
///
/// Pure and total; constant memory; any split of the bytes gives the same. Threads: one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace privyseal::policy {

enum class TextKind { kPlain, kHtml };
enum class TextEncoding { kNone, kQuotedPrintable };

/// Takes a part byte by byte as it stands in the mail, dots stuffed.
class SignReader {
 public:
  SignReader(TextKind kind, TextEncoding encoding) : kind_(kind), encoding_(encoding) {}

  /// Puts the signs that this byte brings to light behind `signs`.
  void take(char c, std::string& signs);
  /// A tag of HTML is still open.
  [[nodiscard]] bool is_in_tag() const { return is_in_tag_; }

 private:
  void take_quoted(char c, std::string& signs);
  void take_decoded(char c, std::string& signs);

  TextKind kind_;
  TextEncoding encoding_;
  std::string escape_;  ///< of quoted-printable, not yet whole: "=" or "=4"
  bool at_line_start_ = true;
  bool is_in_tag_ = false;
  bool after_lt_ = false;  ///< a < that may begin a tag
};

[[nodiscard]] std::string signs_of(std::string_view text, TextKind kind, TextEncoding encoding);

/// Signs to be found among others (Knuth, Morris and Pratt).
class Phrase {
 public:
  Phrase() = default;  ///< of no signs, which is found nowhere
  explicit Phrase(std::string signs);

  [[nodiscard]] const std::string& signs() const { return signs_; }
  /// So many of the signs are matched behind `c`, when `matched` were before it. All of them: it is found,
  /// and `matched` means nothing more.
  [[nodiscard]] std::size_t next(std::size_t matched, char c) const;

 private:
  std::string signs_;
  std::vector<std::size_t> shorter_;  // what is still matched when the sign behind so many does not fit
};

class PartSearch {
 public:
  /// `wanted` must outlive this.
  PartSearch(const Phrase& wanted, TextKind kind, TextEncoding encoding)
      : wanted_(wanted), reader_(kind, encoding) {}

  void feed(std::string_view bytes);
  [[nodiscard]] bool has_wanted() const { return has_wanted_; }
  /// "-----BEGIN PGP": the text, or a part of it, is signed or encrypted.
  [[nodiscard]] bool has_pgp() const { return has_pgp_; }
  [[nodiscard]] bool is_in_tag() const { return reader_.is_in_tag(); }

 private:
  const Phrase& wanted_;
  SignReader reader_;
  std::string signs_;
  std::size_t matched_wanted_ = 0;
  std::size_t matched_pgp_ = 0;
  bool has_wanted_ = false;
  bool has_pgp_ = false;
};

}  // namespace privyseal::policy
