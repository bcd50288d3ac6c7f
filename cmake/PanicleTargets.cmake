# One static library per folder.
#
#   panicle_library(NAME data SOURCES a.cpp HEADERS a.h [PUBLIC lib...] [PRIVATE lib...] [TORCH])
#
# HEADERS are the folder's public headers: free of torch, each compiled alone by `all_verify_interface_header_sets`.
# Headers that include torch are shared only between core folders and are simply not listed.
# TORCH links LibTorch privately (its include folders do not travel) and uses the shared precompiled header.
function(panicle_library)
  cmake_parse_arguments(arg "TORCH" "NAME" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  set(target panicle_${arg_NAME})
  add_library(${target} STATIC ${arg_SOURCES})
  add_library(panicle::${arg_NAME} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC} PRIVATE panicle_options ${arg_PRIVATE})
  target_compile_definitions(${target} PRIVATE PANICLE_VERSION="${PROJECT_VERSION}")
  if(arg_TORCH)
    panicle_use_torch(${target})
  endif()
endfunction()

# Links LibTorch privately and shares one precompiled header among all that include it.
function(panicle_use_torch target)
  target_link_libraries(${target} PRIVATE panicle_torch)
  if(PANICLE_TORCH_PCH AND NOT PANICLE_SANITIZE)
    if(NOT TARGET panicle_torch_pch)
      file(WRITE ${PROJECT_BINARY_DIR}/torch_pch.cpp "")
      add_library(panicle_torch_pch OBJECT ${PROJECT_BINARY_DIR}/torch_pch.cpp)
      target_link_libraries(panicle_torch_pch PRIVATE panicle_options panicle_torch)
      target_precompile_headers(panicle_torch_pch PRIVATE <torch/nn.h>)
    endif()
    target_compile_options(${target} PRIVATE -fPIC)  # programs are else compiled with -fPIE, which the header was not
    target_precompile_headers(${target} REUSE_FROM panicle_torch_pch)
  endif()
endfunction()
