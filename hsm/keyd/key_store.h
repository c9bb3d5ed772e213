/// All keys of ours on the token, by name.
///
/// Threads: any, after `load`. Ownership: the Token and the Journal must outlive it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firmware/base/guarded.h"
#include "hsm/keyd/journal.h"
#include "hsm/keyd/key.h"
#include "hsm/keyd/token_survey.h"
#include "hsm/keyd/work_session.h"

namespace privyseal::keyd {

class KeyStore {
 public:
  KeyStore(Token& token, Journal& journal) : token_(token), journal_(journal) {}

  /// Reads the token. Every key that is offered afterwards has the attributes of
  /// key_attributes.h and has passed its self test; others are logged and left out. What
  /// a kill in the middle of making a pair has left of it is destroyed; nothing else ever is. Of the retired
  /// ones none is offered, and their names stay taken, as do those of keys that only could not be used now.
  /// kTimeout: the token was not there for so long; what keys it has is not known.
  [[nodiscard]] Result<void> load(WorkSession& work);

  /// None: there is no such key.
  [[nodiscard]] KeyRef find(std::string_view name);
  /// In the order of their names.
  [[nodiscard]] std::vector<KeyRef> all();

  /// Makes a key pair on the token; it is checked and on disk before this returns.
  /// kConflict: the name is or was taken, or there are kMaxKeys. kUnavailable: the token failed; nothing is
  /// left.
  [[nodiscard]] Result<KeyRef> generate(WorkSession& work, const KeyLabel& label, hsm::KeyType type);

  /// Call when it is on the disk that `key` is retired; `as` has its name and role.
  void retire(const KeyRef& key, const hsm::RetiredKey& as);
  /// Takes what is there of a retired key off the token; nothing, when it is gone already.
  /// kNotFound: no key of this name was retired. kUnavailable: the token failed; something may be left.
  [[nodiscard]] Result<void> destroy(WorkSession& work, std::string_view name);
  /// What a retired key was for; none: no key of this name was retired.
  [[nodiscard]] std::optional<hsm::KeyRole> retired_role(std::string_view name);
  /// Those of which something is still on the token: hsm::RetiredKeysAnswer.
  [[nodiscard]] std::vector<hsm::RetiredKey> retired_on_token();

 private:
  struct Keys {
    std::map<std::string, KeyRef, std::less<>> by_name;
    std::map<std::string, hsm::RetiredKey, std::less<>> retired;
    std::set<std::string, std::less<>> retired_on_token;
    std::set<std::string> not_offered;  ///< of whole keys: nobody may be given a second one of the name
    std::set<std::string> being_made;
    std::vector<Bytes> leftovers;  ///< ids of pairs that nobody was told of, and that could not be destroyed
  };
  Result<void> clear_unfinished(WorkSession& work, const std::vector<Unfit>& unfit);
  /// False: no key of this name was retired.
  bool note_if_retired(std::string_view name);
  void note_not_offered(std::string_view name);
  Result<void> reserve(const std::string& name);
  Result<KeyRef> generate_reserved(WorkSession& work, const KeyLabel& label, hsm::KeyType type);
  /// What is left over would at the next start be a second key of a name that was given again meanwhile.
  Result<void> clear_away(WorkSession& work, std::vector<Bytes> ids);
  Result<KeyRef> make(WorkSession& work, const KeyLabel& label, hsm::KeyType type, ByteView id);

  Token& token_;
  Journal& journal_;
  Guarded<Keys> keys_;
};

}  // namespace privyseal::keyd
