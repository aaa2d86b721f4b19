// What a server says of the visitor that it acts for.
export const context = {
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  page: { url: 'https://shop.example/kettle' },
  campaign: { name: 'spring', source: 'google', medium: 'cpc' },
}
