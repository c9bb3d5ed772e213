/// The organisation's registers that mail is judged by: who signed the terms, which automated mail is
/// permitted, which partners are assured, and when CJSM is under maintenance. Each is a CSV file.
///
/// Threads: any; never changed once read. Errors of parse(): kInvalid, the message names file, line and
/// reason.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/policy/date.h"
#include "firmware/smtp/address.h"

namespace privyseal::policy {

/// Clause 3. Columns: address, terms, signed, leaves (a day, or empty).
class Commitments {
 public:
  [[nodiscard]] static Result<Commitments> parse(std::string_view csv);
  /// Whether `sender` signed this version of the terms on or before `today` and has not left.
  [[nodiscard]] bool has(const smtp::Address& sender, std::string_view terms, Day today) const;
  [[nodiscard]] std::size_t size() const { return signed_.size(); }

 private:
  struct Signature {
    std::string terms;
    Period period;
  };
  std::multimap<std::string, Signature> signed_;  // by address, lower case
};

enum class MailKind { kGenerated, kBulk, kForwarded, kService };

/// What a mail is permitted by, for the hourly count.
struct Permit {
  std::string reference;
  std::uint32_t hourly_cap;
};

/// Clause 9. Columns: reference, sender ("a@b.example" or "@b.example"), kind (generated, bulk, forwarded,
/// service), from, until (days, both included), hourly_cap.
class Permissions {
 public:
  [[nodiscard]] static Result<Permissions> parse(std::string_view csv);
  [[nodiscard]] std::optional<Permit> find(const smtp::Address& sender, MailKind kind, Day today) const;
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct Record {
    Permit permit;
    std::string sender;
    MailKind kind;
    Period period;
  };
  std::vector<Record> records_;
};

/// Council guidance K4. Columns: domain, status (assured, retired), confirmed (a day).
class AssuredDomains {
 public:
  [[nodiscard]] static Result<AssuredDomains> parse(std::string_view csv);
  /// `domain` or one above it is assured; a retired one below that takes it back. With or without .cjsm.net.
  [[nodiscard]] bool has(std::string_view domain) const;
  [[nodiscard]] std::size_t size() const { return assured_.size(); }
  /// The day of the row that was confirmed longest ago.
  [[nodiscard]] std::optional<Day> oldest() const { return oldest_; }

 private:
  std::map<std::string, bool, std::less<>> assured_;
  std::optional<Day> oldest_;
};

/// FAQ F9. Columns: from, until (times in UTC).
class Maintenance {
 public:
  struct Window {
    WallTime from;
    WallTime until;
  };
  [[nodiscard]] static Result<Maintenance> parse(std::string_view csv);
  /// The window that `now` is in.
  [[nodiscard]] std::optional<Window> at(WallTime now) const;
  /// The next window that has not begun.
  [[nodiscard]] std::optional<Window> next(WallTime now) const;
  [[nodiscard]] std::size_t size() const { return windows_.size(); }

 private:
  std::vector<Window> windows_;  // by their beginning
};

}  // namespace privyseal::policy
