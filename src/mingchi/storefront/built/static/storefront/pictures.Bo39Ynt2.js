import{am as s,as as a}from"./index-DEEkLou2.js";const r=a=>a.startsWith("/")?s+a:a;function t(s,t){a({urls:s.map(({url:s})=>r(s)),current:t})}export{t as l,r as w};
