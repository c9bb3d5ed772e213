#include "firmware/policy/registers.h"

#include <algorithm>
#include <array>
#include <limits>

#include "firmware/policy/csv.h"
#include "firmware/smtp/ascii.h"

namespace privyseal::policy {
namespace {

constexpr std::string_view kSuffix = ".cjsm.net";

/// People write their own addresses in any case, and mean one person.
std::string key_of(const smtp::Address& address) { return smtp::lower(address.local) + '@' + address.domain; }

std::optional<std::string> sender_key(const std::string& text) {
  if (text.starts_with('@')) {
    if (!smtp::is_domain(std::string_view(text).substr(1))) return std::nullopt;
    return '@' + smtp::normal_domain(std::string_view(text).substr(1));
  }
  const auto address = smtp::parse_mailbox(text);
  return address ? std::optional(key_of(*address)) : std::nullopt;
}

/// The days of two columns; the second may be empty when `is_open` .
std::optional<Period> period_of(const std::string& first, const std::string& last, bool is_open) {
  const auto begin = parse_day(first);
  const auto end = parse_day(last);
  const bool has_end = end.has_value() || (is_open && last.empty());
  if (!begin || !has_end || (end && *end < *begin)) return std::nullopt;
  return Period{.first = *begin, .last = end};
}

struct KindName {
  std::string_view name;
  MailKind kind;
};
constexpr std::array kKinds{
    KindName{"generated", MailKind::kGenerated},
    KindName{"bulk", MailKind::kBulk},
    KindName{"forwarded", MailKind::kForwarded},
    KindName{"service", MailKind::kService},
};

std::string without_suffix(std::string_view domain) {
  std::string normal = smtp::normal_domain(domain);
  if (normal.starts_with('.')) normal.erase(0, 1);
  if (normal.ends_with(kSuffix)) normal.resize(normal.size() - kSuffix.size());
  return normal;
}

}  // namespace

Result<Commitments> Commitments::parse(std::string_view csv) {
  const auto table = CsvTable::parse(csv, "commitments.csv", {"address", "terms", "signed"});
  if (!table) return std::unexpected(table.error());
  Commitments commitments;
  for (std::size_t row = 0; row < table->size(); ++row) {
    const auto address = smtp::parse_mailbox(table->cell(row, "address"));
    const auto period = period_of(table->cell(row, "signed"), table->cell(row, "leaves"), true);
    const std::string terms = table->cell(row, "terms");
    if (!address) return std::unexpected(table->refusal(row, "address is none"));
    if (terms.empty()) return std::unexpected(table->refusal(row, "terms is empty"));
    if (!period)
      return std::unexpected(table->refusal(row, "signed or leaves is no day, or before the other"));
    commitments.signed_.emplace(key_of(*address), Signature{.terms = terms, .period = *period});
  }
  return commitments;
}

bool Commitments::has(const smtp::Address& sender, std::string_view terms, Day today) const {
  const auto [first, last] = signed_.equal_range(key_of(sender));
  return std::any_of(first, last, [&](const auto& entry) {
    return entry.second.terms == terms && entry.second.period.contains(today);
  });
}

Result<Permissions> Permissions::parse(std::string_view csv) {
  const auto table =
      CsvTable::parse(csv, "permissions.csv", {"reference", "sender", "kind", "from", "until", "hourly_cap"});
  if (!table) return std::unexpected(table.error());
  Permissions permissions;
  for (std::size_t row = 0; row < table->size(); ++row) {
    const std::string reference = table->cell(row, "reference");
    const auto sender = sender_key(table->cell(row, "sender"));
    const auto kind = std::ranges::find(kKinds, table->cell(row, "kind"), &KindName::name);
    const auto period = period_of(table->cell(row, "from"), table->cell(row, "until"), false);
    const auto cap = smtp::number_from(table->cell(row, "hourly_cap"));
    if (reference.empty()) return std::unexpected(table->refusal(row, "reference is empty"));
    // A mail's row in the ledger names several permissions with these signs between them.
    if (reference.contains(" permit/"))
      return std::unexpected(table->refusal(row, "reference has a word that begins with permit/"));
    if (!sender) return std::unexpected(table->refusal(row, "sender is no address and no @domain"));
    if (kind == kKinds.end()) return std::unexpected(table->refusal(row, "kind is unknown"));
    if (!period) return std::unexpected(table->refusal(row, "from or until is no day, or before the other"));
    if (!cap || *cap > std::numeric_limits<std::uint32_t>::max())
      return std::unexpected(table->refusal(row, "hourly_cap is no number"));
    permissions.records_.push_back({.permit = {reference, static_cast<std::uint32_t>(*cap)},
                                    .sender = *sender,
                                    .kind = kind->kind,
                                    .period = *period});
  }
  return permissions;
}

std::optional<Permit> Permissions::find(const smtp::Address& sender, MailKind kind, Day today) const {
  const auto matches = [&](const Record& record) {
    return record.kind == kind && record.period.contains(today) &&
           (record.sender == key_of(sender) || record.sender == '@' + sender.domain);
  };
  const auto found = std::ranges::find_if(records_, matches);
  if (found == records_.end()) return std::nullopt;
  return found->permit;
}

Result<AssuredDomains> AssuredDomains::parse(std::string_view csv) {
  const auto table = CsvTable::parse(csv, "assured.csv", {"domain", "status", "confirmed"});
  if (!table) return std::unexpected(table.error());
  AssuredDomains domains;
  for (std::size_t row = 0; row < table->size(); ++row) {
    const std::string domain = without_suffix(table->cell(row, "domain"));
    const std::string status = table->cell(row, "status");
    const auto confirmed = parse_day(table->cell(row, "confirmed"));
    if (!smtp::is_domain(domain)) return std::unexpected(table->refusal(row, "domain is none"));
    if (status != "assured" && status != "retired")
      return std::unexpected(table->refusal(row, "status is neither assured nor retired"));
    if (!confirmed) return std::unexpected(table->refusal(row, "confirmed is no day"));
    domains.assured_[domain] = status == "assured";
    if (status == "assured" && (!domains.oldest_ || *confirmed < *domains.oldest_))
      domains.oldest_ = confirmed;
  }
  return domains;
}

bool AssuredDomains::has(std::string_view domain) const {
  const std::string normal = without_suffix(domain);
  for (std::string_view rest = normal;;) {
    const auto found = assured_.find(rest);
    if (found != assured_.end()) return found->second;
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) return false;
    rest.remove_prefix(dot + 1);
  }
}

Result<Maintenance> Maintenance::parse(std::string_view csv) {
  const auto table = CsvTable::parse(csv, "maintenance.csv", {"from", "until"});
  if (!table) return std::unexpected(table.error());
  Maintenance maintenance;
  for (std::size_t row = 0; row < table->size(); ++row) {
    const auto from = parse_time(table->cell(row, "from"));
    const auto until = parse_time(table->cell(row, "until"));
    if (!from || !until || *until <= *from)
      return std::unexpected(table->refusal(row, "from or until is no time in UTC, or not in this order"));
    maintenance.windows_.push_back({.from = *from, .until = *until});
  }
  std::ranges::sort(maintenance.windows_, {}, &Window::from);
  return maintenance;
}

std::optional<Maintenance::Window> Maintenance::at(WallTime now) const {
  const auto found = std::ranges::find_if(
      windows_, [&](const Window& window) { return window.from <= now && now < window.until; });
  return found == windows_.end() ? std::nullopt : std::optional(*found);
}

std::optional<Maintenance::Window> Maintenance::next(WallTime now) const {
  const auto found = std::ranges::find_if(windows_, [&](const Window& window) { return window.from > now; });
  return found == windows_.end() ? std::nullopt : std::optional(*found);
}

}  // namespace privyseal::policy
