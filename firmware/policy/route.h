/// Which mail may pass, by its addresses; pure decisions for both directions.
///
/// Out: from our own domains to cjsm.net and nowhere else. In: to our own domains and nowhere else.
/// So the appliance is an open relay for nobody. The suffix is never stripped blindly: what remains
/// must be a domain of ours, or a row of the mapping must say so.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/base/result.h"
#include "firmware/policy/refusal.h"
#include "firmware/smtp/address.h"

namespace privyseal::policy {

/// An address under cjsm.net with no real domain inside it: york.cjsm.net is lawfirm.example.
struct Mapping {
  std::string cjsm_domain;
  std::string own_domain;
};

class Route {
 public:
  /// kInvalid: no domain, not a domain, an own domain under cjsm.net, or a mapping whose left side
  /// is not under cjsm.net, stands there twice, or whose right side is not an own domain.
  [[nodiscard]] static Result<Route> create(const std::vector<std::string>& own_domains,
                                            const std::vector<Mapping>& mappings);

  /// May mail with this sender leave? Nothing means <>, a bounce, which may.
  [[nodiscard]] std::optional<Refusal> refuses_sender_out(const std::optional<smtp::Address>& sender) const;

  /// The recipient as the relay must hear it; the suffix is kept, because CJSM routes by it.
  [[nodiscard]] std::expected<smtp::Address, Refusal> recipient_out(const smtp::Address& recipient) const;

  /// The recipient as the organisation's mail server must hear it: alice@lawfirm.example.cjsm.net
  /// becomes alice@lawfirm.example. <Postmaster> goes to the first own domain.
  [[nodiscard]] std::expected<smtp::Address, Refusal> recipient_in(const smtp::Address& recipient) const;

 private:
  Route() = default;
  [[nodiscard]] Result<void> add(const Mapping& mapping);
  /// The own domain that `domain` stands for, or nothing.
  [[nodiscard]] const std::string* own_domain(std::string_view domain) const;

  std::vector<std::string> own_domains_;
  std::vector<Mapping> mappings_;
};

}  // namespace privyseal::policy
