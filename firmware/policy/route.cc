#include "firmware/policy/route.h"

#include <algorithm>

namespace privyseal::policy {
namespace {

constexpr std::string_view kSuffix = ".cjsm.net";

/// %, ! and @ have sent mail on to other places (percent hack, bang path, quoted route). Which of the
/// hosts behind us still obeys them is not known here, so nobody gets them from us.
bool routes_further(const smtp::Address& address) {
  return address.local.find_first_of("@%!") != std::string::npos;
}

Result<std::string> valid_own_domain(const std::string& text) {
  if (!smtp::is_domain(text)) return fail(ErrorCode::kInvalid, "own domain: not a domain: " + text);
  // Under cjsm.net it would not be known whether a mail goes out or in.
  if (smtp::is_cjsm_domain(text)) return fail(ErrorCode::kInvalid, "own domain: belongs to CJSM: " + text);
  return smtp::normal_domain(text);
}

}  // namespace

Result<Route> Route::create(const std::vector<std::string>& own_domains,
                            const std::vector<Mapping>& mappings) {
  if (own_domains.empty()) return fail(ErrorCode::kInvalid, "own domains: none given");
  Route route;
  for (const std::string& text : own_domains) {
    auto domain = valid_own_domain(text);
    if (!domain) return std::unexpected(domain.error());
    route.own_domains_.push_back(std::move(*domain));
  }
  for (const Mapping& mapping : mappings) {
    if (const auto added = route.add(mapping); !added) return std::unexpected(added.error());
  }
  return route;
}

Result<void> Route::add(const Mapping& mapping) {
  if (!smtp::is_domain(mapping.cjsm_domain) || !smtp::is_domain(mapping.own_domain)) {
    return fail(ErrorCode::kInvalid,
                "mapping: not a domain: " + mapping.cjsm_domain + " = " + mapping.own_domain);
  }
  Mapping row{smtp::normal_domain(mapping.cjsm_domain), smtp::normal_domain(mapping.own_domain)};
  if (!smtp::is_cjsm_domain(row.cjsm_domain) || row.cjsm_domain == kSuffix.substr(1)) {
    return fail(ErrorCode::kInvalid, "mapping: not below cjsm.net: " + row.cjsm_domain);
  }
  if (std::ranges::find(own_domains_, row.own_domain) == own_domains_.end()) {
    return fail(ErrorCode::kInvalid, "mapping: not an own domain: " + row.own_domain);
  }
  if (own_domain(row.cjsm_domain) != nullptr) {
    return fail(ErrorCode::kInvalid, "mapping: has a meaning already: " + row.cjsm_domain);
  }
  mappings_.push_back(std::move(row));
  return {};
}

const std::string* Route::own_domain(std::string_view domain) const {
  const auto mapped = std::ranges::find(mappings_, domain, &Mapping::cjsm_domain);
  if (mapped != mappings_.end()) return &mapped->own_domain;
  if (domain.ends_with(kSuffix)) domain.remove_suffix(kSuffix.size());
  const auto own = std::ranges::find(own_domains_, domain);
  return own == own_domains_.end() ? nullptr : &*own;
}

std::optional<Refusal> Route::refuses_sender_out(const std::optional<smtp::Address>& sender) const {
  if (!sender || own_domain(sender->domain) != nullptr) return std::nullopt;
  return Refusal::kSenderNotOurs;
}

std::expected<smtp::Address, Refusal> Route::recipient_out(const smtp::Address& recipient) const {
  if (!smtp::is_cjsm_domain(recipient.domain)) return std::unexpected(Refusal::kRecipientNotCjsm);
  if (routes_further(recipient)) return std::unexpected(Refusal::kRecipientRoutesFurther);
  return recipient;
}

std::expected<smtp::Address, Refusal> Route::recipient_in(const smtp::Address& recipient) const {
  // <Postmaster> must be taken by whoever takes mail (RFC 5321 section 4.5.1).
  const std::string* domain = recipient.domain.empty() ? &own_domains_.front() : own_domain(recipient.domain);
  if (domain == nullptr) return std::unexpected(Refusal::kRecipientNotOurs);
  if (routes_further(recipient)) return std::unexpected(Refusal::kRecipientRoutesFurther);
  return smtp::Address{recipient.local, *domain};
}

}  // namespace privyseal::policy
