#include "hsm/pkcs11/module.h"

#include <dlfcn.h>

#include <algorithm>
#include <mutex>
#include <thread>

namespace privyseal::pkcs11 {
namespace {

constexpr std::chrono::milliseconds kLookEvery{2};

template <std::size_t kBytes>
std::string unpadded(const CK_UTF8CHAR (&text)[kBytes]) {
  const std::string_view padded(reinterpret_cast<const char*>(text), kBytes);
  return std::string(padded.substr(0, padded.find_last_not_of(' ') + 1));
}

template <std::size_t kBytes>
bool fits(const std::string& wanted, const CK_UTF8CHAR (&text)[kBytes]) {
  return wanted.empty() || unpadded(text) == wanted;
}

bool fits(const TokenName& name, const CK_TOKEN_INFO& info) {
  return fits(name.label, info.label) && fits(name.manufacturer, info.manufacturerID) &&
         fits(name.model, info.model) && fits(name.serial, info.serialNumber);
}

}  // namespace

Result<Module> Module::load(const std::filesystem::path& file, const std::string& parameters) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fail(ErrorCode::kUnavailable, std::string("PKCS#11 module: ") + ::dlerror());
  const auto get_functions = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (get_functions == nullptr)
    return fail(ErrorCode::kUnavailable, "PKCS#11 module: " + file.string() + " has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  if (const CK_RV value = get_functions(&functions); value != CKR_OK || functions == nullptr)
    return fail(ErrorCode::kUnavailable, "PKCS#11 module: C_GetFunctionList: " + name_of(value));
  Module module(functions, parameters);
  if (auto done = module.initialise(); !done)
    return fail(ErrorCode::kUnavailable, "PKCS#11 module: " + done.error().message);
  CK_INFO info{};
  if (module.call("C_GetInfo", &CK_FUNCTION_LIST::C_GetInfo, &info))
    module.state_->quirks = &quirks_of(unpadded(info.manufacturerID));
  return module;
}

Outcome<void> Module::initialise() const {
  // NSS softoken reads its parameters where the standard has pReserved, and one pointer more behind them.
  struct {
    CK_C_INITIALIZE_ARGS standard;
    void* behind;
  } arguments{};
  arguments.standard.flags = CKF_OS_LOCKING_OK;
  if (!state_->parameters.empty()) arguments.standard.pReserved = state_->parameters.data();
  return call_locked("C_Initialize", &CK_FUNCTION_LIST::C_Initialize, &arguments);
}

Outcome<void> Module::initialise_again(Time until) const {
  std::unique_lock alone(state_->life, std::try_to_lock);
  while (!alone && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kLookEvery);
    static_cast<void>(alone.try_lock());
  }
  if (!alone) return fail(ErrorCode::kUnavailable, "PKCS#11 module: a call has not returned");
  ++state_->initialisation;
  // A module that has lost its device may refuse this; whether C_Initialize works is what counts.
  static_cast<void>(call_locked("C_Finalize", &CK_FUNCTION_LIST::C_Finalize, nullptr));
  auto done = initialise();
  if (!done && done.error().value == CKR_CRYPTOKI_ALREADY_INITIALIZED) return {};
  return done;
}

Outcome<std::vector<CK_SLOT_ID>> Module::slots() const {
  CK_ULONG count = 0;
  if (auto done = call("C_GetSlotList", &CK_FUNCTION_LIST::C_GetSlotList, CK_TRUE, nullptr, &count); !done)
    return std::unexpected(done.error());
  std::vector<CK_SLOT_ID> slots(count);
  if (auto done = call("C_GetSlotList", &CK_FUNCTION_LIST::C_GetSlotList, CK_TRUE, slots.data(), &count);
      !done)
    return std::unexpected(done.error());
  slots.resize(count);
  return slots;
}

Outcome<CK_TOKEN_INFO> Module::token_info(CK_SLOT_ID slot) const {
  CK_TOKEN_INFO info{};
  if (auto done = call("C_GetTokenInfo", &CK_FUNCTION_LIST::C_GetTokenInfo, slot, &info); !done)
    return std::unexpected(done.error());
  return info;
}

Outcome<CK_SLOT_ID> Module::find_token(const TokenName& name) const {
  const auto all = slots();
  if (!all) return std::unexpected(all.error());
  std::vector<CK_SLOT_ID> found;
  for (const CK_SLOT_ID slot : *all) {
    const auto info = token_info(slot);
    if (info && (info->flags & CKF_TOKEN_INITIALIZED) != 0 && fits(name, *info)) found.push_back(slot);
  }
  if (found.empty()) return fail(ErrorCode::kNotFound, "token: there is none " + to_text(name));
  if (found.size() > 1) return fail(ErrorCode::kConflict, "token: more than one is " + to_text(name));
  return found.front();
}

Outcome<CK_SLOT_ID> Module::find_token(std::string_view label) const {
  TokenName name;
  name.label = label;
  return find_token(name);
}

Outcome<CK_SLOT_ID> Module::find_blank_token() const {
  const auto all = slots();
  if (!all) return std::unexpected(all.error());
  for (const CK_SLOT_ID slot : *all) {
    const auto info = token_info(slot);
    if (info && (info->flags & CKF_TOKEN_INITIALIZED) == 0) return slot;
  }
  return fail(ErrorCode::kNotFound, "token: every token is initialised already");
}

std::string label_of(const CK_TOKEN_INFO& info) { return unpadded(info.label); }

std::string description_of(const CK_TOKEN_INFO& info) {
  std::string text = unpadded(info.manufacturerID) + ", " + unpadded(info.model);
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace privyseal::pkcs11
