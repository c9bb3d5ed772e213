/// The CJSM directory as the organisation downloaded it: who has which secure address, and whether the
/// mailbox is still open (FAQ F7, F12, F13).
///
/// Threads: any; never changed once read.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/smtp/address.h"

namespace privyseal::policy {

/// The columns of the file, as CJSM names them.
inline constexpr std::array<std::string_view, 15> kDirectoryColumns{
    "Firstname", "Lastname",    "UserType",      "Organisation", "Secure Email",
    "Address1",  "Address2",    "Town/City",     "Postcode",     "Telephone",
    "Mobile",    "Description", "Business Type", "CJ Area",      "Account Status"};

enum class AccountStatus { kActive, kLocked, kSuspended, kDeleted, kOther };

struct DirectoryEntry {
  std::array<std::string, kDirectoryColumns.size()> cells;

  [[nodiscard]] const std::string& cell(std::string_view column) const;
  [[nodiscard]] AccountStatus status() const;
};

class Directory {
 public:
  /// UTF-8, or else ISO 8859-1. Quotes, blanks, unknown values and further columns are taken; a row without
  /// an address is left out. kInvalid: no CSV, or "Secure Email" or "Account Status" is missing.
  [[nodiscard]] static Result<Directory> parse(std::string_view csv);

  [[nodiscard]] const std::vector<DirectoryEntry>& entries() const { return entries_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Rows without a sound address.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }
  /// Nothing: not in the directory.
  [[nodiscard]] const DirectoryEntry* find(const smtp::Address& address) const;
  /// At most `most` active entries in whose name, organisation or address every word of `text` stands,
  /// case-blind, in the order of the file.
  [[nodiscard]] std::vector<const DirectoryEntry*> search(std::string_view text, std::size_t most) const;

  /// For an address list, part by part: active entries only.
  enum class Format {
    kCsv,   ///< of the same columns
    kLdif,  ///< RFC 2849
  };
  struct Part {
    std::string text;  ///< the first one begins with what stands once in a file
    std::size_t next;  ///< the entry behind it; entries().size(): that was all
  };
  /// The entries from number `after` on, until there are `enough` bytes.
  [[nodiscard]] Part to_file(Format format, std::size_t after, std::size_t enough) const;
  [[nodiscard]] std::string to_file(Format format) const;

 private:
  std::vector<DirectoryEntry> entries_;
  std::vector<std::string> searched_;  // of each entry: lower case
  std::unordered_map<std::string, std::size_t> by_address_;
  std::size_t left_out_ = 0;
};

}  // namespace privyseal::policy
