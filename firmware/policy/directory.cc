#include "firmware/policy/directory.h"

#include <algorithm>
#include <limits>

#include "firmware/base/base64.h"
#include "firmware/base/check.h"
#include "firmware/base/words.h"
#include "firmware/policy/csv.h"
#include "firmware/smtp/ascii.h"
#include "firmware/smtp/utf8.h"

namespace privyseal::policy {
namespace {

struct StatusName {
  std::string_view name;
  AccountStatus status;
};
constexpr std::array kStatuses{
    StatusName{"active", AccountStatus::kActive},          StatusName{"locked", AccountStatus::kLocked},
    StatusName{"new user locked", AccountStatus::kLocked}, StatusName{"suspended", AccountStatus::kSuspended},
    StatusName{"deleted", AccountStatus::kDeleted},
};

std::string key_of(const smtp::Address& address) { return smtp::lower(smtp::to_string(address)); }

/// The signs that Windows-1252 has where ISO 8859-1 has control characters, as ASCII.
char plain_sign(unsigned char byte) {
  if (byte == 0x91 || byte == 0x92) return '\'';
  if (byte == 0x93 || byte == 0x94) return '"';
  return byte == 0x96 || byte == 0x97 ? '-' : '?';
}

/// Older office programs save Windows-1252 or ISO 8859-1, whose bytes are the first code points of Unicode.
std::string utf8_of_latin1(std::string_view latin1) {
  std::string utf8;
  for (const char c : latin1) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0xA0) {
      utf8 += byte < 0x80 ? c : plain_sign(byte);
    } else {
      utf8 += static_cast<char>(0xC0 | byte >> 6);
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return utf8;
}

/// RFC 2849: what does not begin safely, or is not ASCII, is written in base64.
std::string ldif_line(std::string_view name, std::string_view value) {
  if (value.empty()) return "";
  const bool is_safe = std::ranges::all_of(value, smtp::is_printable) &&
                       !std::string_view(" :<").contains(value.front()) && value.back() != ' ';
  if (is_safe) return std::string(name) + ": " + std::string(value) + "\r\n";
  return std::string(name) + ":: " + to_base64(bytes_of(value)) + "\r\n";
}

std::string ldif_entry(const DirectoryEntry& entry) {
  const std::string& mail = entry.cell("Secure Email");
  const std::string name = std::string(trimmed(entry.cell("Firstname") + ' ' + entry.cell("Lastname")));
  return "\r\n" + ldif_line("dn", "mail=" + mail + ",ou=CJSM") + "objectClass: inetOrgPerson\r\n" +
         ldif_line("cn", name.empty() ? mail : name) +
         ldif_line("sn", entry.cell("Lastname").empty() ? mail : entry.cell("Lastname")) +
         ldif_line("givenName", entry.cell("Firstname")) + ldif_line("o", entry.cell("Organisation")) +
         ldif_line("mail", mail) + ldif_line("telephoneNumber", entry.cell("Telephone"));
}

}  // namespace

const std::string& DirectoryEntry::cell(std::string_view column) const {
  const auto found = std::ranges::find(kDirectoryColumns, column);
  CHECK(found != kDirectoryColumns.end());
  return cells.at(static_cast<std::size_t>(found - kDirectoryColumns.begin()));
}

AccountStatus DirectoryEntry::status() const {
  const auto found = std::ranges::find(kStatuses, smtp::lower(cell("Account Status")), &StatusName::name);
  return found == kStatuses.end() ? AccountStatus::kOther : found->status;
}

Result<Directory> Directory::parse(std::string_view csv) {
  if (!smtp::is_utf8(csv)) return parse(utf8_of_latin1(csv));
  const auto table = CsvTable::parse(csv, "directory.csv", {"Secure Email", "Account Status"});
  if (!table) return std::unexpected(table.error());
  std::array<std::size_t, kDirectoryColumns.size()> columns{};
  std::ranges::transform(kDirectoryColumns, columns.begin(), [&](auto name) { return table->column(name); });
  Directory directory;
  for (std::size_t row = 0; row < table->size(); ++row) {
    DirectoryEntry entry;
    for (std::size_t i = 0; i < columns.size(); ++i) entry.cells.at(i) = table->cell(row, columns.at(i));
    const auto address = smtp::parse_mailbox(entry.cell("Secure Email"));
    if (!address) {
      ++directory.left_out_;
      continue;
    }
    directory.by_address_[key_of(*address)] = directory.entries_.size();
    directory.searched_.push_back(smtp::lower(entry.cell("Firstname") + ' ' + entry.cell("Lastname") + ' ' +
                                              entry.cell("Organisation") + ' ' + entry.cell("Secure Email")));
    directory.entries_.push_back(std::move(entry));
  }
  return directory;
}

const DirectoryEntry* Directory::find(const smtp::Address& address) const {
  const auto found = by_address_.find(key_of(address));
  return found == by_address_.end() ? nullptr : &entries_.at(found->second);
}

std::vector<const DirectoryEntry*> Directory::search(std::string_view text, std::size_t most) const {
  const std::vector<std::string> words = parts_of(smtp::lower(text), ' ');
  std::vector<const DirectoryEntry*> found;
  for (std::size_t i = 0; i < entries_.size() && found.size() < most; ++i) {
    const auto stands = [&](const std::string& word) { return searched_[i].contains(word); };
    if (entries_[i].status() == AccountStatus::kActive && std::ranges::all_of(words, stands))
      found.push_back(&entries_[i]);
  }
  return found;
}

Directory::Part Directory::to_file(Format format, std::size_t after, std::size_t enough) const {
  const bool is_csv = format == Format::kCsv;
  Part part{.text = "", .next = after};
  if (after == 0)
    part.text = is_csv ? csv_line({kDirectoryColumns.begin(), kDirectoryColumns.end()}) : "version: 1\r\n";
  for (; part.next < entries_.size() && (part.next == after || part.text.size() < enough); ++part.next) {
    const DirectoryEntry& entry = entries_[part.next];
    if (entry.status() != AccountStatus::kActive) continue;
    part.text += is_csv ? csv_line({entry.cells.begin(), entry.cells.end()}) : ldif_entry(entry);
  }
  return part;
}

std::string Directory::to_file(Format format) const {
  return to_file(format, 0, std::numeric_limits<std::size_t>::max()).text;
}

}  // namespace privyseal::policy
