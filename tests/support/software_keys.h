/// Keys in memory with keyd's manners: what a FakeKeyd answers from when a test
/// needs real signatures but no token.
///
/// It signs whatever it is sent: the real keyd's checks are tested in hsm/keyd.
///
/// Threads: add keys before the fake starts.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "hsm/wire.h"
#include "tests/support/fake_keyd.h"

struct evp_pkey_st;

namespace privyseal::test {

class SoftwareKeys {
 public:
  void add(const std::string& name, hsm::KeyType type = hsm::KeyType::kEcP256,
           hsm::KeyRole role = hsm::KeyRole::kCjsmIdentity);

  [[nodiscard]] FakeKeyd::Reply operator()(const hsm::Request& request) const;

 private:
  struct Held {
    hsm::KeyInfo info;
    std::shared_ptr<evp_pkey_st> key;
  };
  struct Answering;

  std::map<std::string, Held> keys_;
};

}  // namespace privyseal::test
