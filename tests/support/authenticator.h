/// A passkey in software, for tests: it answers as a browser and its authenticator would, and lies to order.
///
///     Authenticator key;
///     const auto made = key.create({.rp_id = "box.example", .origin = "https://box.example", .challenge =
///     bytes}); const auto given = key.get({...});
///
/// Threads: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firmware/base/bytes.h"

struct evp_pkey_st;

namespace privyseal::test {

/// The question, and what is untrue in the answer.
struct Ceremony {
  std::string rp_id;
  std::string origin;
  Bytes challenge;
  std::string type = {};  ///< empty: the right one
  bool is_user_verified = true;
  bool is_user_present = true;
  bool is_cross_origin = false;
};

struct CreatedPasskey {
  std::string client_data_json;
  Bytes attestation_object;
};

struct GivenAssertion {
  Bytes credential_id;
  std::string client_data_json;
  Bytes authenticator_data;
  Bytes signature;
};

class Authenticator {
 public:
  Authenticator();

  [[nodiscard]] CreatedPasskey create(const Ceremony& ceremony);
  /// Counts one further signature.
  [[nodiscard]] GivenAssertion get(const Ceremony& ceremony);
  /// x and y of its P-256 point.
  [[nodiscard]] Bytes public_key() const;
  void set_count(std::uint32_t count) { count_ = count; }

 private:
  std::shared_ptr<evp_pkey_st> key_;
  Bytes credential_id_;
  std::uint32_t count_ = 0;
};

}  // namespace privyseal::test
