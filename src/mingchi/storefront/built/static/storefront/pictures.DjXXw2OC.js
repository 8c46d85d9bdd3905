import{am as s,as as a}from"./index-V_nKV6yL.js";const r=a=>a.startsWith("/")?s+a:a;function t(s,t){a({urls:s.map(({url:s})=>r(s)),current:t})}export{t as l,r as w};
