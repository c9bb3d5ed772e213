#include "hsm/pkcs11/module.h"

#include <dlfcn.h>

#include <algorithm>
#include <span>

namespace privyseal::pkcs11 {
namespace {

Result<void> initialise(const Module& module) {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  return module.call("C_Initialize", &CK_FUNCTION_LIST::C_Initialize, &arguments);
}

}  // namespace

Result<Module> Module::load(const std::filesystem::path& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return fail(ErrorCode::kUnavailable, std::string("PKCS#11 module: ") + ::dlerror());
  const auto get_functions = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
  if (get_functions == nullptr)
    return fail(ErrorCode::kUnavailable, "PKCS#11 module: " + file.string() + " has no C_GetFunctionList");
  CK_FUNCTION_LIST* functions = nullptr;
  if (const CK_RV value = get_functions(&functions); value != CKR_OK || functions == nullptr)
    return fail_call("C_GetFunctionList", value);
  Module module(functions);
  if (auto done = initialise(module); !done) return fail("PKCS#11 module", done.error());
  return module;
}

Result<std::vector<CK_SLOT_ID>> Module::slots() const {
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

Result<CK_TOKEN_INFO> Module::token_info(CK_SLOT_ID slot) const {
  CK_TOKEN_INFO info{};
  if (auto done = call("C_GetTokenInfo", &CK_FUNCTION_LIST::C_GetTokenInfo, slot, &info); !done)
    return std::unexpected(done.error());
  return info;
}

Result<CK_SLOT_ID> Module::find_token(std::string_view label) const {
  const auto all = slots();
  if (!all) return std::unexpected(all.error());
  std::vector<CK_SLOT_ID> found;
  for (const CK_SLOT_ID slot : *all) {
    const auto info = token_info(slot);
    if (info && (info->flags & CKF_TOKEN_INITIALIZED) != 0 && label_of(*info) == label) found.push_back(slot);
  }
  if (found.empty()) return fail(ErrorCode::kNotFound, "token: there is none labelled " + std::string(label));
  if (found.size() > 1)
    return fail(ErrorCode::kConflict, "token: more than one is labelled " + std::string(label));
  return found.front();
}

Result<CK_SLOT_ID> Module::find_blank_token() const {
  const auto all = slots();
  if (!all) return std::unexpected(all.error());
  for (const CK_SLOT_ID slot : *all) {
    const auto info = token_info(slot);
    if (info && (info->flags & CKF_TOKEN_INITIALIZED) == 0) return slot;
  }
  return fail(ErrorCode::kNotFound, "token: every token is initialised already");
}

namespace {

std::string without_padding(std::span<const CK_UTF8CHAR> field) {
  const std::string_view padded(reinterpret_cast<const char*>(field.data()), field.size());
  return std::string(padded.substr(0, padded.find_last_not_of(' ') + 1));
}

}  // namespace

std::string label_of(const CK_TOKEN_INFO& info) { return without_padding(info.label); }

std::string description_of(const CK_TOKEN_INFO& info) {
  std::string text = without_padding(info.manufacturerID) + ", " + without_padding(info.model);
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace privyseal::pkcs11
