// Says on the page when a passkey was not used or made; allauth's script would only write it to the console.
document.addEventListener('allauth.error', (event) => {
  event.preventDefault()
  const said = document.getElementById('passkey_error')
  said.hidden = false
  said.scrollIntoView({ block: 'nearest' })
})
